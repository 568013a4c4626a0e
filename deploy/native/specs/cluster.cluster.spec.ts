import { describeFaults } from './faults.fixture.js';
import { describeFrontDoor } from './front-door.fixture.js';
import { describeOnACluster } from './on-a-cluster.js';

// One cluster for both: a start takes as much as most of what is tested on it.
describeOnACluster(
  'a cluster',
  (on) => {
    describeFrontDoor(on);
    describeFaults(on);
  },
  {},
  { reporting: 2 },
);

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
  // While Kafka is down, every refusal waits this long.
  { GROUP_FEED_WAIT_MS: '2000' },
  { reporting: 2 },
);

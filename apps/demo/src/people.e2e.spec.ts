import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt, workbench, type Ended } from '@allotree/testing/running-system';

const MINUTES = 60_000;

describe('npm run demo -- --people', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  beforeAll(async () => {
    bench = await workbench();
    await bench.start();
  }, 2 * MINUTES);
  afterAll(() => bench.clear(), 2 * MINUTES);

  const demo = (): Promise<Ended> => runBuilt('demo', ['--people'], { DATA_DIR: bench.dataDir }).ended;

  it(
    'shows five people at work, and what each is refused',
    async () => {
      const { code, output } = await demo();
      expect({ code, output }).toEqual({ code: 0, output });
      const refused = [...output.matchAll(/x (\w+) \w+: (.+)\n +refused: (\d+) (\w+)/g)];
      expect(refused.map(([, who, what, status, refusal]) => `${who}: ${what}: ${status} ${refusal}`)).toEqual([
        'Ada: record a package of her own: 403 FORBIDDEN',
        'Ada: operate the system: 403 FORBIDDEN',
        'Ada: grant herself a second trial: 409 TRIAL_ALREADY_USED',
        'Ben: issue them to his project himself: 403 FORBIDDEN',
        "Ben: look at the distributor's stock: 404 NOT_FOUND",
        "Ben: look at the distributor's project: 404 NOT_FOUND",
        'Mia: make somebody a company administrator: 403 FORBIDDEN',
        "Mia: look into the dealer's project: 404 NOT_FOUND",
        'Carl: assign a key: 403 FORBIDDEN',
        'Carl: see the licenses: 403 FORBIDDEN',
        'Carl: look into Building 2: 404 NOT_FOUND',
        'Rosa: assign herself another app: 403 FORBIDDEN',
        'Rosa: see who else is a member: 403 FORBIDDEN',
        "Rosa: look at the neighbors' assignments: 404 NOT_FOUND",
        'Rosa: look at what never was: 404 NOT_FOUND',
        'Carl: look at the building: 404 NOT_FOUND',
      ]);
      expect(output).toContain('he sees Building 1, Apartment 1, Apartment 2');
      expect(output).toContain('she sees sip_number and mobile_app, and not the spare key');
    },
    3 * MINUTES,
  );

  it(
    'runs again under other names',
    async () => {
      const { code, output } = await demo();
      expect({ code, output }).toEqual({ code: 0, output });
      expect(output).toContain('registered Lindgren (2)');
    },
    3 * MINUTES,
  );
});

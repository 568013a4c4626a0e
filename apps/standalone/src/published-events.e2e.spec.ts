import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LICENSING_TOPIC, type CloudEvent } from '@allotree/contracts';
import pg from 'pg';
import { WholeSystem } from './whole-system.harness.js';

jest.setTimeout(90_000);

describe('the bus of the whole system', () => {
  let system: WholeSystem;
  let database: pg.Client;
  let projectId: string;
  beforeAll(async () => {
    system = await WholeSystem.start({ GROUP_FEED_WAIT_MS: '60000' });
    database = new pg.Client({ connectionString: system.databaseUrl });
    await database.connect();
    const { partnerId } = await system.must('POST', '/partners', {
      kind: 'distributor',
      name: 'Nordlicht',
      administrator: { name: 'Ada', email: 'ada@nordlicht.example' },
    });
    ({ projectId } = await system.must('POST', '/projects', { name: 'Hafenblick', partnerId }));
    await system.must('POST', `/projects/${projectId}/licenses`, { type: 'trial' });
  });
  afterAll(async () => {
    await database.end();
    await system.stop();
  });

  const group = async (name: string, parentId: string): Promise<string> =>
    (await system.must('POST', `/projects/${projectId}/groups`, { parentId, type: 'custom', name })).groupId;
  const at = (groupId: string, setting: string): string => `/projects/${projectId}/groups/${groupId}/${setting}`;
  const restriction = (sip_number: number) => ({
    enabled: true,
    allotments: [{ type: 'plus', units: { sip_number, mobile_app: 0, ukey2: 0 }, features: ['siri'] }],
  });

  /** The last `count` events of a type about the project, as a consumer reads them. */
  async function published(type: string, count: number): Promise<readonly CloudEvent[]> {
    const ask = async () => {
      const { rows } = await database.query<{ payload: CloudEvent }>(
        'SELECT payload FROM bus.message WHERE topic = $1 AND key = $2 ORDER BY position',
        [LICENSING_TOPIC, projectId],
      );
      const events = rows.map(({ payload }) => payload).filter((event) => event.type === `allotree.${type}.v1`);
      return { status: 200, body: events };
    };
    const { body } = await system.until((answer) => answer.body.length >= count, ask);
    expect(body).toHaveLength(count);
    return body as CloudEvent[];
  }

  it('carries restrictions, limits of a person and assignments with their paths and instants', async () => {
    const building = await group('A', projectId);
    const flat = await group('Flat 12', building);
    await system.must('PUT', at(building, 'restriction'), restriction(5));
    const restrictions = [
      { groupId: building, ...restriction(8) },
      { groupId: flat, ...restriction(6) },
    ];
    await system.must('PUT', `/projects/${projectId}/restrictions`, { restrictions });
    const { assignmentId } = await system.must('POST', at(flat, 'assignments'), { resource: 'sip_number' });
    const { userId } = await system.must('POST', at(flat, 'members'), {
      name: 'Kim',
      email: 'kim@example.com',
      role: 'user',
    });
    await system.must('PUT', at(flat, `members/${userId}/limits`), { limits: { sip_number: 2 } });

    const sections = (await published('restriction-changed', 3)).map(({ data }) => data);
    const changed = (groupId: string, sip_number: number) => ({
      projectId,
      groupId,
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      allotments: [
        {
          allotmentId: expect.any(String),
          type: 'plus',
          units: { sip_number, mobile_app: 0, ukey2: 0 },
          features: ['siri'],
          validFrom: expect.any(String),
          validUntil: null,
        },
      ],
      place: { kind: 'vendor' },
      at: expect.any(String),
    });
    expect(sections[0]).toEqual(changed(building, 5));
    expect(sections.slice(1)).toEqual(expect.arrayContaining([changed(building, 8), changed(flat, 6)]));
    const [assigned] = await published('assignment-made', 1);
    const path = [projectId, building, flat];
    const made = { projectId, assignmentId, groupId: flat, resource: 'sip_number', path, at: assigned?.time };
    expect(assigned?.data).toEqual(made);
    const [limits] = await published('member-limits-changed', 1);
    expect(limits?.data).toEqual({
      projectId,
      groupId: flat,
      userId,
      limits: { sip_number: 2, mobile_app: null, ukey2: null },
      featuresOff: [],
      place: { kind: 'vendor' },
      at: limits?.time,
    });
  });
});

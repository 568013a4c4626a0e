import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LICENSING_EVENTS, licensingEventSchema, type CloudEvent, type LicensingEventType } from '@allotree/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { NOW, restriction, Service, units } from './service-under-test.harness.js';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

const validators = new Map(
  (Object.keys(LICENSING_EVENTS) as LicensingEventType[]).map((type) => [
    type,
    ajv.compile(licensingEventSchema(type)),
  ]),
);
const faultsOf = (event: CloudEvent): unknown => {
  const validate = validators.get(event.type as LicensingEventType);
  return validate?.(event) ? [] : validate?.errors;
};

describe('events about a project on the bus', () => {
  let service: Service;
  let p = '';
  let count = 0;
  beforeAll(async () => {
    service = await Service.start();
  });
  afterAll(() => service.stop());

  const started = async (): Promise<void> => {
    p = `published-${(count += 1)}`;
    await service.hafenblick(p, await service.nordlicht());
    const member = { projectId: p, groupId: 'u1', memberId: `kim-of-${p}`, userId: 'kim', email: 'kim@example.com' };
    await service.memberships(service.message('allotree.member-added.v1', { ...member, name: 'Kim', role: 'user' }));
  };
  const of = (groupId: string, setting: string) => `/projects/${p}/groups/${groupId}/${setting}`;
  /** The events published by some work; each is valid against its schema and has the instant from which it is in force. */
  async function publishedBy(work: () => Promise<unknown>): Promise<CloudEvent[]> {
    const before = (await service.published(p)).length;
    await work();
    const events = (await service.published(p)).slice(before);
    for (const event of events) {
      expect([event.type, faultsOf(event)]).toEqual([event.type, []]);
      expect(event.data).toMatchObject({ at: event.time });
    }
    return events;
  }
  const restrict = (groupId: string, section: object, query = '') =>
    publishedBy(async () => {
      const { status, body } = await service.put(of(groupId, `restriction${query}`), section);
      expect([status, body]).toEqual([200, body]);
    });

  it('say the whole Licenses section of a group that was restricted', async () => {
    await started();
    const settings = {
      poolMode: 'reserved',
      gracePeriodDays: 3,
      reminder: { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' },
    };
    const term = { validUntil: '2026-11-30', features: ['siri'] };
    const [event, ...others] = await restrict('a', restriction(units(80, 60, 5), term, settings));
    expect(others).toEqual([]);
    expect(event).toMatchObject({ type: 'allotree.restriction-changed.v1', subject: p, time: NOW });
    expect(event?.data).toStrictEqual({
      projectId: p,
      groupId: 'a',
      enabled: true,
      ...settings,
      allotments: [
        {
          allotmentId: expect.any(String),
          type: 'plus',
          units: units(80, 60, 5),
          features: ['siri'],
          validFrom: NOW,
          validUntil: '2026-12-01T00:00:00.000Z',
        },
      ],
      place: { kind: 'vendor' },
      at: NOW,
    });
  });

  it('say the sections that a cascade and a transfer left, one event a group', async () => {
    await started();
    await restrict('a', restriction(units(80, 60, 5)));
    await restrict('u1', restriction(units(50, 40, 5), {}, { gracePeriodDays: 2 }));
    await restrict('u2', restriction(units(30)));
    const numbers = (events: readonly CloudEvent[]) =>
      events.map(({ type, sequence, data }) => {
        const { groupId, gracePeriodDays, allotments } = data as {
          groupId: string;
          gracePeriodDays: number;
          allotments: { units: { sip_number: number } }[];
        };
        expect([type, sequence]).toEqual(['allotree.restriction-changed.v1', expect.any(String)]);
        return [groupId, gracePeriodDays, allotments.reduce((sum, one) => sum + one.units.sip_number, 0)];
      });
    const cascaded = await restrict('a', restriction(units(40, 30, 5)), '?cascade=true');
    expect(numbers(cascaded)).toEqual([
      ['a', 0, 40],
      ['u1', 2, 40],
    ]);
    const transferred = await publishedBy(() =>
      service.posted(`/projects/${p}/allotment-transfers`, {
        fromGroupId: 'u1',
        toGroupId: 'u2',
        units: units(10),
        reason: 'A tenant moved',
      }),
    );
    expect(numbers(transferred)).toEqual([
      ['u1', 2, 30],
      ['u2', 0, 40],
    ]);
    expect(new Set(transferred.map(({ id }) => id)).size).toBe(2);
  });

  it('are one for each group of a batch of restrictions', async () => {
    await started();
    const flats = Array.from({ length: 1_200 }, (_, index) => `flat-${index}`);
    await service.groups(p, Object.fromEntries(flats.slice(0, 1_000).map((flat) => [flat, 'u1'])));
    await service.groups(p, Object.fromEntries(flats.slice(1_000).map((flat) => [flat, 'u2'])));
    const restrictions = flats.map((groupId, index) => ({ groupId, ...restriction(units(1 + (index % 3))) }));
    const events = await publishedBy(async () => {
      expect((await service.put(`/projects/${p}/restrictions`, { restrictions })).body).toMatchObject({
        changed: 1_200,
      });
    });
    expect(events.map(({ data }) => (data as { groupId: string }).groupId).sort()).toEqual([...flats].sort());
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['allotree.restriction-changed.v1']));
    expect(events).toContainEqual(
      expect.objectContaining({
        data: expect.objectContaining({
          groupId: 'flat-2',
          allotments: [expect.objectContaining({ units: units(3), validUntil: null })],
        }),
      }),
    );
  });

  it('say the limits of a person', async () => {
    await started();
    const [event, ...others] = await publishedBy(() =>
      service.put(of('u1', 'members/kim/limits'), { limits: { sip_number: 2 }, featuresOff: ['elevators'] }),
    );
    expect(others).toEqual([]);
    expect(event?.data).toStrictEqual({
      projectId: p,
      groupId: 'u1',
      userId: 'kim',
      limits: { sip_number: 2, mobile_app: null, ukey2: null },
      featuresOff: ['elevators'],
      place: { kind: 'vendor' },
      at: NOW,
    });
  });

  it('have the path of an assignment as it was when the event happened', async () => {
    await started();
    const paths = (events: readonly CloudEvent[]) =>
      events.flatMap(({ type, data }) => {
        const one = data as { path?: string[]; assignments?: { path: string[] }[] };
        return (one.assignments ?? [one]).map(({ path }) => [type.split('.')[1], path]);
      });
    let assignmentId = '';
    const assigned = await publishedBy(async () => {
      ({ assignmentId } = await service.posted(of('u1', 'assignments'), { resource: 'sip_number' }));
      await service.posted(`/projects/${p}/assignments`, {
        assignments: [
          { groupId: 'u1', resource: 'sip_number' },
          { groupId: 'b', resource: 'sip_number' },
        ],
      });
    });
    expect(paths(assigned).sort()).toEqual([
      ['assignment-made', [p, 'a', 'u1']],
      ['assignments-made', [p, 'a', 'u1']],
      ['assignments-made', [p, 'b']],
    ]);
    const changed = await publishedBy(async () => {
      await service.put(of('a', 'restriction?cascade=true'), restriction(units(1)));
      await service.fact('allotree.group-moved.v1', { projectId: p, groupId: 'u1', parentId: 'b' });
      await service.delete(of('u1', `assignments/${assignmentId}`));
      await service.fact('allotree.group-removed.v1', { projectId: p, groupId: 'u1' });
    });
    expect(changed.filter(({ type }) => type === 'allotree.group-relocated.v1').map(({ data }) => data)).toEqual([
      {
        projectId: p,
        groupId: 'u1',
        parentId: 'b',
        previousPath: [p, 'a', 'u1'],
        path: [p, 'b', 'u1'],
        at: expect.any(String),
      },
    ]);
    expect(paths(changed.filter(({ type }) => type.includes('assignment')))).toEqual([
      ['assignments-suspended', [p, 'a', 'u1']],
      ['assignments-reinstated', [p, 'b', 'u1']],
      ['assignments-released', [p, 'b', 'u1']],
      ['assignments-released', [p, 'b', 'u1']],
    ]);
  });

  it('hold for the instant of the decision, however late they are recorded', async () => {
    await started();
    await restrict('u1', restriction(units(5), { validUntil: '2026-06-30' }));
    await service.posted(of('u1', 'assignments'), { resource: 'sip_number' });
    const events = await publishedBy(async () => {
      service.clock.moveTo('2026-07-05T12:00:00.000Z');
      await service.put(of('u1', 'members/kim/limits'), { limits: { sip_number: 2 } });
    });
    expect(events.map(({ type, time }) => [type, time])).toEqual([
      ['allotree.assignments-suspended.v1', '2026-07-01T00:00:00.000Z'],
      ['allotree.member-limits-changed.v1', '2026-07-05T12:00:00.000Z'],
    ]);
  });
});

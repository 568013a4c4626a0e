import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterTopic, GROUPS_TOPIC, type CloudEvent } from '@allotree/contracts';
import { hasGroup, licensesOf, stockPartnerOf } from '@allotree/domain';
import { BusPublisher } from '@allotree/bus';
import { GroupFeed } from './feed/group-feed.js';
import { restriction, Service, units } from './service-under-test.harness.js';

/** Waits for what the bus brings. */
async function eventually<Result>(look: () => Promise<Result | null | undefined | false>): Promise<Result> {
  for (;;) {
    const result = await look();
    if (result) return result;
    await delay(20);
  }
}

const project = (projectId: string, more: object = {}) => ({
  projectId,
  name: 'Hafenblick',
  partnerId: 'nordlicht',
  tenantId: 'nordlicht',
  timeZone: 'Europe/Berlin',
  billingMode: 'prepaid' as const,
  trial: false,
  ...more,
});
const group = (groupId: string, parentId: string) => ({ groupId, parentId, type: 'custom' as const, name: groupId });

describe('facts of the group service', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start();
  });
  afterAll(() => service.stop());

  const knows = (projectId: string, groupId: string) =>
    service.projects.read(projectId, (state) => hasGroup(state, groupId));

  it('make the tree of a project', async () => {
    await service.fact('allotree.project-created.v1', project('tree'));
    await service.fact('allotree.groups-placed.v1', {
      projectId: 'tree',
      groups: [group('a', 'tree'), group('b', 'a')],
    });
    expect(await knows('tree', 'tree')).toBe(true);
    expect(await knows('tree', 'b')).toBe(true);
    await service.fact('allotree.group-removed.v1', { projectId: 'tree', groupId: 'a' });
    expect(await knows('tree', 'b')).toBe(false);
  });

  it('carry who asked, in whose tenant and why', async () => {
    const events = await service.recordedWhile(() =>
      service.fact('allotree.project-created.v1', project('who'), 'fact-who'),
    );
    expect(events.map(({ metadata }) => metadata)).toMatchObject([
      {
        actor: 'user:admin',
        tenantId: 'nordlicht',
        correlationId: 'correlation',
        causationId: 'fact-who',
        commandId: 'fact-who',
      },
    ]);
  });

  it('change nothing the second time, however often and in whatever order they come again', async () => {
    const facts: [type: string, data: object][] = [
      ['allotree.project-created.v1', project('again', { trial: true })],
      ['allotree.groups-placed.v1', { projectId: 'again', groups: [group('a', 'again'), group('b', 'again')] }],
      ['allotree.group-changed.v1', { projectId: 'again', groupId: 'a', type: 'floor', name: 'First' }],
      ['allotree.group-changed.v1', { projectId: 'again', groupId: 'a', type: 'floor', name: 'Second' }],
      ['allotree.device-registered.v1', { projectId: 'again', groupId: 'b', serialNumber: 'AGAIN', model: 'AA-12' }],
      ['allotree.group-moved.v1', { projectId: 'again', groupId: 'a', parentId: 'b' }],
      ['allotree.device-removed.v1', { projectId: 'again', groupId: 'b', serialNumber: 'AGAIN', model: 'AA-12' }],
      ['allotree.group-removed.v1', { projectId: 'again', groupId: 'a' }],
    ];
    const bring = (indices: number[]) =>
      indices.reduce(async (before, index) => {
        await before;
        const [type, data] = facts[index]!;
        await service.fact(type as never, data as never, `again-${index}`);
      }, Promise.resolve());
    const inOrder = facts.map((_, index) => index);
    await bring(inOrder);
    const repeats = await service.recordedWhile(() => bring([...inOrder, ...[...inOrder].reverse(), 2, 2, 4, 1]));
    expect(repeats).toEqual([]);
    const licenses = await service.projects.read('again', (state) => licensesOf(state, service.clock.now()));
    expect(licenses.map(({ type }) => type)).toEqual(['trial']);
  });

  it('that come too early are refused until what they stand on is there', async () => {
    const placed = () =>
      service.fact('allotree.groups-placed.v1', { projectId: 'early', groups: [group('a', 'early')] }, 'early-placed');
    expect(await service.recordedWhile(() => expect(placed()).rejects.toThrow('NOT_FOUND'))).toEqual([]);
    await service.fact('allotree.project-created.v1', project('early'));
    await placed();
    expect(await knows('early', 'a')).toBe(true);
  });

  it('give the project of a registration its trial, once (L1)', async () => {
    const created = () =>
      service.fact('allotree.project-created.v1', project('showroom', { trial: true }), 'showroom-created');
    const events = await service.recordedWhile(async () => {
      await created();
      await created();
    });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['ProjectOpened', 'LicenseGranted']));
    expect(events.filter(({ type }) => type === 'LicenseGranted')).toMatchObject([
      {
        data: {
          type: 'trial',
          units: units(null, null, null),
          source: { kind: 'registration' },
          validUntil: '2026-07-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('make a partner known to all above it', async () => {
    await service.partner('d');
    await service.partner('d1', 'd');
    await service.partner('d2', 'd1');
    for (const above of ['d', 'd1']) {
      const below = await service.stocks.read(above, (state) => [...state.below.keys()]);
      expect(below).toContain('d2');
    }
    expect(await service.stocks.read('d2', (state) => stockPartnerOf(state))).toMatchObject({ parentPartnerId: 'd1' });
    await expect(service.partner('orphan', 'nobody')).rejects.toThrow('NOT_FOUND');
  });

  it('of which this service does not know the type are let go', async () => {
    const batch = {
      ...service.message('allotree.project-created.v1', project('x')),
      type: 'allotree.weather-changed.v1',
    };
    const { FollowGroupsController } = await import('./feed/follow-groups/follow-groups.controller.js');
    const events = await service.recordedWhile(() =>
      service.app.get(FollowGroupsController, { strict: false }).follow(batch),
    );
    expect(events).toEqual([]);
  });
});

describe('on the bus', () => {
  let service: Service;
  let publish: (...events: CloudEvent[]) => Promise<void>;
  beforeAll(async () => {
    service = await Service.start({ onBus: true, settings: { GROUP_FEED_WAIT_MS: '60000' } });
    publish = (...events) => service.app.get(BusPublisher, { strict: false }).publish(GROUPS_TOPIC, events);
  });
  afterAll(() => service.stop());

  it('a command finds what was published before it', async () => {
    await publish(service.message('allotree.project-created.v1', project('late')));
    const license = service.posted('/projects/late/licenses', { type: 'trial' });
    await license;
    await publish(
      service.message('allotree.groups-placed.v1', {
        projectId: 'late',
        groups: [group('house', 'late'), group('flat', 'late')],
      }),
    );
    const assignment = service.post('/projects/late/groups/flat/assignments', { resource: 'sip_number' });
    const quota = service.get('/projects/late/groups/flat/quota');
    const check = service.post('/projects/late/groups/flat/relocation-check', { parentId: 'house' });
    expect(await assignment).toMatchObject({ status: 201 });
    expect(await quota).toMatchObject({ status: 200 });
    expect(await check).toMatchObject({ status: 204 });
  });

  it('a unit is assigned out of the license of a device that was registered just before', async () => {
    await publish(service.message('allotree.project-created.v1', project('ready')));
    const device = { projectId: 'ready', groupId: 'ready', model: 'AA-12' };
    for (let round = 1; round <= 5; round += 1) {
      await publish(service.message('allotree.device-registered.v1', { ...device, serialNumber: `READY-${round}` }));
      for (let unit = 0; unit < 2; unit += 1)
        expect(
          await service.post('/projects/ready/groups/ready/assignments', { resource: 'sip_number' }),
        ).toMatchObject({
          status: 201,
        });
    }
    await publish(
      service.message('allotree.group-changed.v1', {
        projectId: 'ready',
        groupId: 'ready',
        type: 'company',
        name: 'Renamed',
      }),
    );
    expect((await service.get('/projects/ready/groups/ready/quota')).body.name).toBe('Renamed');
  });

  it('capacity that a removed group held is there for the next request', async () => {
    await publish(
      service.message('allotree.project-created.v1', project('freed')),
      service.message('allotree.device-registered.v1', {
        projectId: 'freed',
        groupId: 'freed',
        serialNumber: 'FREED',
        model: 'AA-12',
      }),
    );
    for (let round = 0; round < 3; round += 1) {
      const groupId = `flat-${round}`;
      await publish(
        service.message('allotree.groups-placed.v1', { projectId: 'freed', groups: [group(groupId, 'freed')] }),
      );
      for (let unit = 0; unit < 2; unit += 1)
        expect(
          await service.post(`/projects/freed/groups/${groupId}/assignments`, { resource: 'sip_number' }),
        ).toMatchObject({ status: 201 });
      await publish(service.message('allotree.group-removed.v1', { projectId: 'freed', groupId }));
    }
  });

  describe('somebody who was promoted just before', () => {
    const person = { userId: 'eva', email: 'eva@example.com', name: 'Eva' };
    const site = { ...person, memberId: 'eva-site', role: 'site_administrator' as const };
    const boss = { ...person, userId: 'boss', memberId: 'boss', role: 'site_administrator' as const };
    let eva: Record<string, string>;
    let root: Record<string, string>;
    beforeAll(async () => {
      const partner = { partnerId: 'west', tenantId: 'west', kind: 'distributor' as const, parentPartnerId: null };
      await publish(service.message('allotree.partner-registered.v1', { ...partner, name: 'West' }));
      [eva, root] = await Promise.all([service.signedInAs('eva'), service.signedInAs('boss')]);
    });

    /** A project whose building is limited from the main group, and Eva administers the building. */
    const limited = async (projectId: string): Promise<string> => {
      const path = `/projects/${projectId}/groups/house-${projectId}/restriction`;
      const house = { projectId, groupId: `house-${projectId}` };
      await publish(
        service.message('allotree.project-created.v1', project(projectId)),
        service.message('allotree.groups-placed.v1', { projectId, groups: [group(house.groupId, projectId)] }),
        service.message('allotree.member-added.v1', { projectId, groupId: projectId, ...boss }),
        service.message('allotree.member-added.v1', { ...house, ...site }),
      );
      await service.posted(`/projects/${projectId}/licenses`, { type: 'trial' });
      expect(await service.put(path, restriction(units(5)), root)).toMatchObject({ status: 200 });
      return path;
    };

    it('lifts what was set from there (R9)', async () => {
      for (let round = 1; round <= 5; round += 1) {
        const projectId = `lifted-${round}`;
        const path = await limited(projectId);
        expect(await service.put(path, { enabled: false }, eva)).toMatchObject({ body: { code: 'SET_FROM_ABOVE' } });
        const promoted = { ...site, memberId: `eva-root-${round}`, projectId, groupId: projectId };
        await publish(service.message('allotree.member-added.v1', promoted));
        expect(await service.put(path, { enabled: false }, eva)).toMatchObject({ status: 200 });
      }
    });

    it('revokes what was issued from there (L4)', async () => {
      const east = { partnerId: 'east', tenantId: 'west', kind: 'dealer' as const, parentPartnerId: 'west' };
      const administers = (partnerId: string) =>
        service.message('allotree.partner-administrator-added.v1', {
          ...person,
          partnerId,
          tenantId: 'west',
          role: 'company_administrator',
        });
      await publish(service.message('allotree.partner-registered.v1', { ...east, name: 'East' }), administers('east'));
      const { packageId } = await service.posted('/partners/west/packages', { name: 'Plus', units: units(10) });
      for (let round = 1; round <= 5; round += 1) {
        const projectId = `revoked-${round}`;
        const opened = project(projectId, { tenantId: 'west', partnerId: 'east' });
        await publish(service.message('allotree.project-created.v1', opened));
        const issue = { type: 'plus', partnerId: 'west', packageId, units: units(1) };
        const { licenseId } = await service.posted(`/projects/${projectId}/licenses`, issue);
        const revoke = () =>
          service.post(`/projects/${projectId}/licenses/${licenseId}/revoke`, { reason: 'Contract ended' }, eva);
        expect(await revoke()).toMatchObject({ status: 403, body: { code: 'ISSUED_FROM_ABOVE' } });
        await publish(administers('west'));
        expect(await revoke()).toMatchObject({ status: 200 });
        await publish(
          service.message('allotree.partner-administrator-removed.v1', { partnerId: 'west', userId: 'eva' }),
        );
        await service.app.get(GroupFeed, { strict: false }).memberships.caughtUp();
      }
    });
  });

  it('what does not exist is answered 404 without a wait once everything is taken in', async () => {
    await publish(service.message('allotree.project-created.v1', project('quiet')));
    // The longest wait of this service is a minute, longer than this spec may take.
    expect(await service.get('/projects/quiet/groups/nowhere/quota')).toMatchObject({ status: 404 });
    expect(await service.get('/projects/nowhere/groups/nowhere/quota')).toMatchObject({ status: 404 });
    expect(await service.get('/partners/nobody/stock')).toMatchObject({ status: 404 });
  });

  it('a sale finds its buyer', async () => {
    const partner = { name: 'N', tenantId: 'n', kind: 'distributor' as const, parentPartnerId: null };
    await publish(service.message('allotree.partner-registered.v1', { ...partner, partnerId: 'n' }));
    const { packageId } = await service.posted('/partners/n/packages', { name: 'Plus', units: units(10) });
    const dealer = { ...partner, partnerId: 'm', kind: 'dealer' as const, parentPartnerId: 'n' };
    await publish(service.message('allotree.partner-registered.v1', dealer));
    const sale = await service.post(`/partners/n/packages/${packageId}/sales`, { toPartnerId: 'm', units: units(1) });
    expect(sale).toMatchObject({ status: 201 });
  });

  it('a fact that never can be recorded becomes a dead letter with its error, and those after it go on', async () => {
    const lost = service.message('allotree.groups-placed.v1', { projectId: 'lost', groups: [group('a', 'lost')] });
    await publish(lost, service.message('allotree.project-created.v1', project('after')));
    const [letter] = await eventually(async () => {
      const rows = await service.rows<{ payload: CloudEvent }>('SELECT payload FROM bus.message WHERE topic = $1', [
        deadLetterTopic(GROUPS_TOPIC),
      ]);
      return rows.length > 0 && rows;
    });
    expect(JSON.stringify(letter)).toContain('NOT_FOUND');
    await eventually(() => service.projects.read('after', (state) => hasGroup(state, 'after')));
  });
});

describe('waiting', () => {
  let service: Service;
  afterEach(() => service.stop());

  it('ends with 404 once the service has everything', async () => {
    service = await Service.start({ settings: { GROUP_FEED_WAIT_MS: '60000' } });
    expect(await service.get('/projects/nowhere/groups/a/quota')).toMatchObject({ status: 404 });
    await service.project('here');
    expect(await service.post('/projects/here/groups/a/assignments', { resource: 'ukey2' })).toMatchObject({
      status: 404,
      body: { what: 'group' },
    });
  });

  it('ends with 503 where something published before has not arrived, and with what is there all the same', async () => {
    // Nothing takes messages from the bus here.
    service = await Service.start({ settings: { GROUP_FEED_WAIT_MS: '50' } });
    await service.project('here');
    const late = service.message('allotree.project-created.v1', project('late'));
    await service.app.get(BusPublisher, { strict: false }).publish(GROUPS_TOPIC, [late]);
    const notArrived = { status: 503, body: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } };
    expect(await service.get('/projects/late/groups/late/quota')).toMatchObject(notArrived);
    expect(await service.get('/partners/nordlicht/stock')).toMatchObject(notArrived);
    const assign = () => service.post('/projects/late/groups/late/assignments', { resource: 'ukey2' });
    expect(await service.recordedWhile(async () => expect(await assign()).toMatchObject(notArrived))).toEqual([]);
    const eva = await service.signedInAs('eva');
    expect(await service.request('GET', '/projects/here/groups/here/quota', undefined, eva)).toMatchObject(notArrived);
    expect(await service.get('/projects/here/groups/here/quota')).toMatchObject({ status: 200 });
  });
});

describe('what the license service publishes', () => {
  it('is what happened, under the key of the project or partner', async () => {
    const service = await Service.start();
    try {
      await service.hafenblick('hafenblick', await service.nordlicht());
      await service.posted('/projects/hafenblick/groups/u1/assignments', { resource: 'sip_number', label: 'private' });
      const [published] = [await service.published('hafenblick')];
      expect(published.map(({ type }) => type)).toEqual(['allotree.license-granted.v1', 'allotree.assignment-made.v1']);
      expect(published[1]).toMatchObject({
        subject: 'hafenblick',
        tenantid: 'nordlicht',
        data: { projectId: 'hafenblick', groupId: 'u1', resource: 'sip_number' },
      });
      expect((await service.published('nordlicht')).map(({ type }) => type)).toEqual([
        'allotree.package-recorded.v1',
        'allotree.units-issued.v1',
      ]);
    } finally {
      await service.stop();
    }
  });
});

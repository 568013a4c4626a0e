import { ROLES, type Permission } from '@allotree/contracts';
import { ownService, type Principal } from '@allotree/http';
import { WholeSystem } from '../whole-system.harness.js';

/** What lies right above what: two distributors, two dealers of the first, three projects. */
const ABOVE = {
  nord: null,
  dealer: 'nord',
  otherDealer: 'nord',
  sued: null,
  project: 'dealer',
  buildingA: 'project',
  unitA1: 'buildingA',
  buildingB: 'project',
  otherProject: 'otherDealer',
  otherBuilding: 'otherProject',
  foreignProject: 'sued',
  foreignBuilding: 'foreignProject',
} as const;

export type Place = keyof typeof ABOVE;
export const PLACES = Object.keys(ABOVE) as readonly Place[];

/** A place and all above it. */
const chain = (place: Place): Place[] => {
  const above = ABOVE[place];
  return above === null ? [place] : [place, ...chain(above)];
};

export const isBelow = (place: Place, other: Place): boolean => chain(place).includes(other);

export const CUSTOM_PERMISSIONS = ['groups:read', 'devices:read', 'devices:manage'] as const;

/** Who stands where, with what. */
export const PEOPLE = {
  server: null,
  company: { at: 'nord', may: ROLES.company_administrator },
  dealer: { at: 'dealer', may: ROLES.site_administrator },
  site: { at: 'buildingA', may: ROLES.site_administrator },
  concierge: { at: 'buildingA', may: ROLES.concierge },
  resident: { at: 'buildingA', may: ROLES.user },
  custom: { at: 'buildingA', may: CUSTOM_PERMISSIONS },
  foreigner: { at: 'sued', may: ROLES.company_administrator },
  stranger: { at: null, may: [] },
} as const satisfies Record<string, { at: Place | null; may: readonly Permission[] } | null>;

export type Person = keyof typeof PEOPLE;
export const PERSONS = Object.keys(PEOPLE) as readonly Person[];

/** `null`: for this person there is no such place. */
export const mayAt = (person: Person, place: Place): readonly Permission[] | null => {
  const membership = PEOPLE[person];
  if (membership === null) return ROLES.server_administrator;
  return membership.at !== null && isBelow(place, membership.at) ? membership.may : null;
};

/** Anywhere in a project, or above it. */
export const mayWithin = (person: Person, project: Place): readonly Permission[] | null => {
  const found = PLACES.filter((place) => isBelow(place, project)).map((place) => mayAt(person, place));
  return found.find((may) => may !== null) ?? null;
};

export interface World {
  readonly system: WholeSystem;
  readonly ids: Readonly<Record<Place, string>>;
  readonly tokens: Readonly<Record<Person, string>>;
  readonly userIds: Readonly<Record<Person, string>>;
  readonly members: Readonly<Partial<Record<Person, string>>>;
}

/** Somebody who may what memberships say. */
export const somebody = (userId: string): Principal => ({ ...ownService(userId), serverAdministrator: false });

const EMAIL = (name: string): string => `${name}@example.com`;

const partner = async (system: WholeSystem, name: Person, body: object): Promise<Record<string, string>> =>
  system.must('POST', '/partners', { name, administrator: { name, email: EMAIL(name) }, ...body });

const makePlaces = async (system: WholeSystem) => {
  const nord = await partner(system, 'company', { kind: 'distributor' });
  const sued = await partner(system, 'foreigner', { kind: 'distributor' });
  const dealer = await partner(system, 'dealer', { kind: 'dealer', parentPartnerId: nord['partnerId'] });
  const otherDealer = await system.must('POST', '/partners', {
    name: 'Another dealer',
    kind: 'dealer',
    parentPartnerId: nord['partnerId'],
    administrator: { name: 'Somebody else', email: EMAIL('somebody-else') },
  });
  const project = async (partnerId: unknown): Promise<string> =>
    (await system.must('POST', '/projects', { name: 'A project', partnerId })).projectId;
  const group = async (p: string, parentId: string, name: string): Promise<string> =>
    (await system.must('POST', `/projects/${p}/groups`, { parentId, type: 'building', name })).groupId;
  const p = await project(dealer['partnerId']);
  const other = await project(otherDealer.partnerId);
  const foreign = await project(sued['partnerId']);
  const a = await group(p, p, 'A');
  const ids: Record<Place, string> = {
    nord: nord['partnerId'] as string,
    sued: sued['partnerId'] as string,
    dealer: dealer['partnerId'] as string,
    otherDealer: otherDealer.partnerId,
    project: p,
    otherProject: other,
    foreignProject: foreign,
    buildingA: a,
    unitA1: await group(p, a, 'A1'),
    buildingB: await group(p, p, 'B'),
    otherBuilding: await group(other, other, 'Other'),
    foreignBuilding: await group(foreign, foreign, 'Foreign'),
  };
  const administrators = { company: nord, dealer, foreigner: sued };
  return { ids, administrators };
};

/** Two tenants with people of every role, known to every service. */
export const makeWorld = async (settings: Readonly<Record<string, string>>): Promise<World> => {
  const system = await WholeSystem.start(settings);
  const { ids, administrators } = await makePlaces(system);
  const role = await system.must('POST', `/roles?tenantId=${ids.nord}`, {
    name: 'Technician',
    permissions: ['groups:read', 'devices:manage'],
  });
  const roles = { site: 'site_administrator', concierge: 'concierge', resident: 'user', custom: role.roleId };
  const userIds: Record<string, string> = { server: 'spec', stranger: 'stranger' };
  const members: Record<string, string> = {};
  for (const [name, { administratorId }] of Object.entries(administrators)) userIds[name] = administratorId as string;
  for (const [name, given] of Object.entries(roles)) {
    const path = `/projects/${ids.project}/groups/${ids.buildingA}/members`;
    const added = await system.must('POST', path, { email: EMAIL(name), name, role: given });
    userIds[name] = added.userId;
    members[name] = added.memberId;
  }
  const tokens: Record<string, string> = { server: system.administrator };
  for (const name of PERSONS) tokens[name] ??= await WholeSystem.token(somebody(userIds[name] as string));
  const world = { system, ids, tokens, userIds, members } as World;
  await everybodyIsKnown(world);
  return world;
};

/** Every service has received all memberships. */
const everybodyIsKnown = async ({ system, ids, tokens }: World): Promise<void> => {
  const quota = `/projects/${ids.project}/groups/${ids.buildingA}/quota`;
  for (const name of ['company', 'dealer', 'site', 'concierge', 'resident'] as const)
    await system.until(
      ({ status }) => status === 200,
      () => system.ask('GET', quota, { token: tokens[name] }),
    );
  // The tables of the past have every group.
  for (const group of [ids.buildingA, ids.unitA1, ids.buildingB])
    await system.until(
      ({ status }) => status === 200,
      () => system.ask('GET', `/projects/${ids.project}/groups/${group}/quota/as-of`, { token: tokens.company }),
    );
  const foreign = `/projects/${ids.foreignProject}/groups/${ids.foreignBuilding}/quota`;
  for (const path of [foreign, '/deliveries'])
    await system.until(
      ({ status }) => status === 200,
      () => system.ask('GET', path, { token: tokens.foreigner }),
    );
  const custom = `/projects/${ids.project}/groups/${ids.buildingA}/quota`;
  await system.until(
    ({ status }) => status === 403,
    () => system.ask('GET', custom, { token: tokens.custom }),
  );
  await system.until(
    ({ status }) => status === 200,
    () => system.ask('GET', '/deliveries', { token: tokens.company }),
  );
  for (const name of ['dealer', 'site', 'concierge', 'resident', 'custom'] as const)
    await system.until(
      ({ status }) => status === 403,
      () => system.ask('GET', '/deliveries', { token: tokens[name] }),
    );
};

import { setTimeout as sleep } from 'node:timers/promises';
import type { AssignmentsAnswer, GroupItem, QuotaAnswer } from '@allotree/contracts';
import type { z } from 'zod';
import type { Api, ProblemAnswer } from '@allotree/api-client';
import type { Narrator } from './narrator.js';
import { Cast, type Player } from './people-cast.js';

export interface PeopleTelling {
  /** The host of the system: records packages, and reads the mail box. */
  readonly host: Api;
  readonly narrator: Narrator;
}

/** Somebody could do what they must not, or could not do what they may. */
export class UnexpectedPermission extends Error {
  override readonly name = 'UnexpectedPermission';
}

const FIRST_PARTNER = 'Lindgren';
const REVOKED_WITHIN_MS = 10_000;

interface ExpectedRefusal {
  readonly title: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
}

/** `FORBIDDEN`: it is there, and not theirs to do. `NOT_FOUND`: for them it is not there. */
type Refused = 'FORBIDDEN' | 'NOT_FOUND';

const refusalLine = ({ status, code, detail }: ProblemAnswer): string => `${status} ${code}: ${detail ?? ''}`;

/** Everything the scenes know of one another. */
interface Stage {
  readonly narrator: Narrator;
  readonly host: Api;
  readonly cast: Cast;
  readonly refuse: (player: Player, refused: Refused, request: ExpectedRefusal) => Promise<void>;
}

/** Five people at work, each with what is theirs, and refused what is not (docs/domain/rules.md#roles). */
export async function runPeopleStory({ host, narrator }: PeopleTelling): Promise<void> {
  const cast = await Cast.of(host, FIRST_PARTNER);
  const refuse = async (player: Player, refused: Refused, request: ExpectedRefusal): Promise<void> => {
    const { title, method = 'GET', path, body } = request;
    const answer = await player.api.ask({ method, path, ...(body === undefined ? {} : { body }) });
    if (answer.ok || answer.problem.code !== refused)
      throw new UnexpectedPermission(
        `${player.name} asked "${title}" and should be answered ${refused}: ${JSON.stringify(answer)}`,
      );
    narrator.refused(`${player.name}: ${title}`, refusalLine(answer.problem));
  };
  const stage = { host, narrator, cast, refuse };
  const distributor = await distributorAtWork(stage);
  const dealer = await dealerAtWork(stage, distributor);
  const house = await managementAtWork(stage, distributor, dealer);
  const concierge = await conciergeAtWork(stage, house);
  await residentAtWork(stage, house);
  await leaving(stage, house, concierge);
}

interface Business {
  readonly player: Player;
  readonly partnerId: string;
  readonly projectId: string;
}

async function distributorAtWork({ host, narrator, cast, refuse }: Stage): Promise<Business & { packageId: string }> {
  narrator.begin('A partner registers; the vendor makes it a distributor and sells it a package');
  const registration = { kind: 'dealer', partnerName: cast.named(FIRST_PARTNER), objectName: 'Showroom' } as const;
  const business = await cast.register('Ada Lindgren', registration);
  const { player, partnerId, projectId } = business;
  narrator.changed(`${player.name} <${player.email}> registered ${registration.partnerName}, confirmed by mail`);
  await host.post(`/partners/${partnerId}/promote`, {});
  narrator.changed('the vendor promoted it to a distributor');
  narrator.note(`her project Showroom has its trial; her tenant is ${partnerId}`);
  const content = { name: 'Plus 100', units: { sip_number: 100, mobile_app: 100, ukey2: 10 } };
  await refuse(player, 'FORBIDDEN', {
    title: 'record a package of her own',
    method: 'POST',
    path: `/partners/${partnerId}/packages`,
    body: content,
  });
  const { packageId } = await host.post<{ packageId: string }>(`/partners/${partnerId}/packages`, content);
  narrator.changed('the vendor recorded the package Plus 100 on her stock');
  await refuse(player, 'FORBIDDEN', { title: 'operate the system', path: '/group-service/projections' });
  const trial = await player.api.ask({
    method: 'POST',
    path: `/projects/${projectId}/licenses`,
    body: { type: 'trial' },
  });
  if (trial.ok) throw new UnexpectedPermission('a second trial was granted');
  narrator.refused(`${player.name}: grant herself a second trial`, refusalLine(trial.problem));
  return { ...business, packageId };
}

async function dealerAtWork(
  { narrator, cast, refuse }: Stage,
  distributor: Business & { packageId: string },
): Promise<Business> {
  narrator.begin('A dealer asks to join it; the distributor approves, sells and issues');
  const registration = {
    kind: 'dealer',
    partnerName: cast.named('Dahl Installations'),
    objectName: 'Harbour Quay',
  } as const;
  const business = await cast.join('Ben Dahl', registration, distributor);
  const { player, partnerId, projectId } = business;
  narrator.changed(
    `${player.name} registered Dahl Installations with the join code of the distributor, which approved`,
  );
  const units = { sip_number: 40, mobile_app: 40 };
  const sales = `/partners/${distributor.partnerId}/packages/${distributor.packageId}/sales`;
  const sold = await distributor.player.api.post<{ packageId: string }>(sales, { toPartnerId: partnerId, units });
  narrator.changed(`${distributor.player.name} sold 40 numbers and 40 apps to the dealer`);
  const issue = { type: 'plus', partnerId, packageId: sold.packageId, units };
  await refuse(player, 'FORBIDDEN', {
    title: 'issue them to his project himself',
    method: 'POST',
    path: `/projects/${projectId}/licenses`,
    body: issue,
  });
  await distributor.player.api.post(`/projects/${projectId}/licenses`, issue);
  narrator.changed(`${distributor.player.name} issued them to Harbour Quay`);
  await player.api.get(`/partners/${partnerId}/stock`);
  narrator.note('he sees his own stock, and builds in his own project');
  await player.api.post(`/projects/${projectId}/groups`, { parentId: projectId, type: 'building', name: 'Quay 1' });
  narrator.changed(`${player.name} made Quay 1`);
  await refuse(player, 'NOT_FOUND', {
    title: "look at the distributor's stock",
    path: `/partners/${distributor.partnerId}/stock`,
  });
  await refuse(player, 'NOT_FOUND', {
    title: "look at the distributor's project",
    path: `/projects/${distributor.projectId}`,
  });
  return business;
}

interface House extends Business {
  readonly building: string;
  readonly apartment: string;
  readonly neighbors: string;
}

async function managementAtWork(
  { narrator, cast, refuse }: Stage,
  distributor: Business,
  dealer: Business,
): Promise<House> {
  narrator.begin('A management company registers and lets people in');
  const registration = {
    kind: 'management_company',
    partnerName: cast.named('Ekman Housing'),
    objectName: 'Elm Street',
  } as const;
  const business = await cast.join('Mia Ekman', registration, distributor);
  const { player, projectId } = business;
  const { api } = player;
  narrator.changed(`${player.name} registered Ekman Housing`);
  const groups = `/projects/${projectId}/groups`;
  await api.post(`${groups}/generate`, {
    parentId: projectId,
    buildings: { count: 2 },
    apartments: { count: 2, restart: 'building' },
  });
  const all = await api.list<GroupItem>(groups);
  const idOf = (name: string, parentId: string): string =>
    all.find((group) => group.name === name && group.parentId === parentId)?.groupId ?? '';
  const building = idOf('Building 1', projectId);
  const apartment = idOf('Apartment 1', building);
  const neighbors = idOf('Apartment 2', building);
  narrator.changed('made two buildings with two apartments each', 1);
  const restriction = {
    enabled: true,
    allotments: [{ type: 'plus', units: { sip_number: 4, mobile_app: 4, ukey2: 2 } }],
  };
  await api.put(`${groups}/${building}/restriction`, restriction);
  narrator.changed('restricted Building 1 to 4 numbers, 4 apps and 2 keys');
  const invite = async (groupId: string, name: string, role: string): Promise<void> => {
    const invitations = [{ email: cast.emailOf(name), name, role }];
    await api.post(`${groups}/${groupId}/invitations`, { invitations });
    narrator.changed(`invited ${name} as ${role}`);
  };
  await invite(building, 'Carl Nyman', 'concierge');
  await invite(apartment, 'Rosa Vik', 'user');
  await refuse(player, 'FORBIDDEN', {
    title: 'make somebody a company administrator',
    method: 'POST',
    path: `${groups}/${building}/members`,
    body: { email: cast.emailOf('Carl Nyman'), name: 'Carl Nyman', role: 'company_administrator' },
  });
  await refuse(player, 'NOT_FOUND', { title: "look into the dealer's project", path: `/projects/${dealer.projectId}` });
  return { ...business, building, apartment, neighbors };
}

async function conciergeAtWork({ narrator, cast, refuse }: Stage, house: House): Promise<Player> {
  narrator.begin('A concierge sees the building');
  const player = await cast.accept('Carl Nyman');
  narrator.changed(`${player.name} took the invitation and signed in`);
  const groups = `/projects/${house.projectId}/groups`;
  const seen = await player.api.list<GroupItem>(groups);
  narrator.note(`he sees ${seen.map(({ name }) => name).join(', ')}`);
  const quota = await player.api.get<z.infer<typeof QuotaAnswer>>(`${groups}/${house.building}/quota`);
  narrator.note(`and its quota: ${quota.resources.sip_number.limit ?? 'unlimited'} numbers`);
  await refuse(player, 'FORBIDDEN', {
    title: 'assign a key',
    method: 'POST',
    path: `${groups}/${house.building}/assignments`,
    body: { resource: 'ukey2' },
  });
  await refuse(player, 'FORBIDDEN', { title: 'see the licenses', path: `/projects/${house.projectId}/licenses` });
  const elsewhere = await house.player.api.list<GroupItem>(`${groups}?parentId=${house.projectId}`);
  const other = elsewhere.find(({ groupId }) => groupId !== house.building)?.groupId ?? '';
  await refuse(player, 'NOT_FOUND', { title: 'look into Building 2', path: `${groups}/${other}/quota` });
  return player;
}

async function residentAtWork({ narrator, cast, refuse }: Stage, house: House): Promise<void> {
  narrator.begin('A resident uses what is assigned to her');
  const player = await cast.accept('Rosa Vik');
  narrator.changed(`${player.name} took the invitation and signed in`);
  const { userId } = await player.api.get<{ userId: string }>('/me');
  const groups = `/projects/${house.projectId}/groups`;
  const own = `${groups}/${house.apartment}`;
  for (const resource of ['sip_number', 'mobile_app'])
    await house.player.api.post(`${own}/assignments`, { resource, label: resource, holder: userId });
  await house.player.api.post(`${own}/assignments`, { resource: 'ukey2', label: 'spare key' });
  narrator.changed(`${house.player.name} assigned her a number and an app, and the apartment a spare key`, 3);
  const { items } = await player.api.get<z.infer<typeof AssignmentsAnswer>>(`${own}/assignments`);
  narrator.note(`she sees ${items.map(({ resource }) => resource).join(' and ')}, and not the spare key`);
  await refuse(player, 'FORBIDDEN', {
    title: 'assign herself another app',
    method: 'POST',
    path: `${own}/assignments`,
    body: { resource: 'mobile_app' },
  });
  await refuse(player, 'FORBIDDEN', { title: 'see who else is a member', path: `${own}/members` });
  await refuse(player, 'NOT_FOUND', {
    title: "look at the neighbors' assignments",
    path: `${groups}/${house.neighbors}/assignments`,
  });
  await refuse(player, 'NOT_FOUND', {
    title: 'look at what never was',
    path: `${groups}/never-was/assignments`,
  });
}

async function leaving({ narrator }: Stage, house: House, concierge: Player): Promise<void> {
  narrator.begin('The concierge leaves');
  const members = `/projects/${house.projectId}/groups/${house.building}/members`;
  const current = await house.player.api.list<{ memberId: string; email: string }>(members);
  const memberId = current.find(({ email }) => email === concierge.email)?.memberId ?? '';
  await house.player.api.ask({ method: 'DELETE', path: `${members}/${memberId}` });
  narrator.changed(`${house.player.name} removed ${concierge.name}`);
  const path = `/projects/${house.projectId}/groups/${house.building}/quota`;
  const deadline = Date.now() + REVOKED_WITHIN_MS;
  for (;;) {
    const answer = await concierge.api.ask({ method: 'GET', path });
    if (!answer.ok) return narrator.refused(`${concierge.name}: look at the building`, refusalLine(answer.problem));
    if (Date.now() > deadline) throw new UnexpectedPermission(`${concierge.name} still sees the building`);
    await sleep(100);
  }
}

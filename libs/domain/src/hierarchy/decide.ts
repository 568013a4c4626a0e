import { isAdministrator } from '../access/roles.js';
import { accept, refuse, type Decision } from '../decision.js';
import { MAX_DEPTH, type GroupType } from '../words.js';
import { deviceExternalIdOf, devicesBelow, membersBelow, membersHoldMore, slotOf } from './below.js';
import type { TreeCommand, TreeCommandOf } from './commands.js';
import type { MemberFacts, TreeEvent } from './events.js';
import { generatedId } from './events.js';
import { adoptedEvents, heightOfColumns } from './departure.js';
import { generate, planGeneration, topNames } from './generation.js';
import { nameKey, refuseName, tidyName } from '../names.js';
import { MAX_NAMED_CLASHES, type TreeRefusal } from './refusals.js';
import { emailKey } from '../people/email.js';
import { externalIdChange, externalIdFault, factOfExternalId } from './external-ids.js';
import { reshapeInSlices, reshapeTree } from './reshape.js';
import type { Slices } from '../slices.js';
import { knownSerialNumber, type GroupTreeState } from './state.js';
import { childNamed, fitsBelow, heightOf, idOf, lineage, nameOf, parentOf, typeOf } from './tree.js';

type Decided = Decision<TreeEvent, TreeRefusal>;
type Decider<Type extends TreeCommand['type']> = (state: GroupTreeState, command: TreeCommandOf<Type>) => Decided;

const ALREADY_SO: Decided = accept([]);
const notFound = (what: 'project' | 'group' | 'member' | 'device', id: string) =>
  refuse<TreeRefusal>({ code: 'NOT_FOUND', what, id });
const invalid = (field: string, message: string) => refuse<TreeRefusal>({ code: 'VALIDATION', field, message });
const tooDeep = invalid('parentId', `groups go at most ${MAX_DEPTH} levels deep`);

/** G1: refuses when a sibling other than `self` carries the name. The root (`parent` is `NONE`) has no siblings. */
const nameTaken = (state: GroupTreeState, parent: number, name: string, self?: number): Decided | null => {
  const taken = parent < 0 ? undefined : childNamed(state.tree, parent, nameKey(name));
  if (taken === undefined || taken === self) return null;
  return refuse({
    code: 'NAME_TAKEN',
    parentId: idOf(state.tree, parent),
    names: [nameOf(state.tree, taken)],
    count: 1,
  });
};

const createProject: Decider<'CreateProject'> = (state, command) => {
  if (state.project) return ALREADY_SO;
  const { type: _, administrator, postpaidAllowed, ...project } = command;
  if (project.billingMode === 'postpaid' && !postpaidAllowed)
    return refuse({ code: 'POSTPAID_NOT_ALLOWED', partnerId: project.partnerId });
  const unnamed = refuseName('name', project.name) ?? refuseName('administrator.name', administrator?.name ?? null);
  if (unnamed) return unnamed;
  const created: TreeEvent = { type: 'ProjectCreated', data: { ...project, name: tidyName(project.name) } };
  if (!administrator) return accept([created]);
  return accept([
    created,
    { type: 'MemberAdded', data: { ...administrator, name: tidyName(administrator.name), groupId: project.projectId } },
  ]);
};

const closeProject: Decider<'CloseProject'> = (_state, { projectId, reason }) =>
  accept([{ type: 'ProjectClosed', data: { projectId, reason } }]);

/** A closed project needs no administrator, so the last one can leave too. */
const endMemberships: Decider<'EndMemberships'> = ({ members }, { userIds }) => {
  const ending = [...members.values()].filter(({ userId }) => userIds.includes(userId));
  return accept(ending.map((data): TreeEvent => ({ type: 'MemberRemoved', data })));
};

const createGroup: Decider<'CreateGroup'> = (state, { groupId, parentId, type: _, ...command }) => {
  if (slotOf(state, groupId) !== undefined) return ALREADY_SO;
  const parent = slotOf(state, parentId);
  if (parent === undefined) return notFound('group', parentId);
  if (!fitsBelow(state.tree, parent, 0)) return tooDeep;
  const name = tidyName(command.name);
  const externalId = externalIdChange(state, 'group', groupId, command.externalId);
  const data = { groupId, parentId, type: command.groupType, name, ...factOfExternalId(externalId) };
  const unnamed = refuseName('name', name) ?? nameTaken(state, parent, name);
  const refused = unnamed ?? externalIdFault(state, 'group', groupId, externalId);
  return refused ?? accept([{ type: 'GroupCreated', data }]);
};

/** Whether any group of an earlier generation with these ids is left. */
const isGenerated = (state: GroupTreeState, newId: string, total: number): boolean => {
  for (let n = 0; n < total; n += 1) if (slotOf(state, generatedId(newId, n)) !== undefined) return true;
  return false;
};

/** G2. Names differ among generated siblings by their numbers, so only the top level can clash with existing groups. */
const generateGroups: Decider<'GenerateGroups'> = (state, command) => {
  const parent = slotOf(state, command.parentId);
  if (parent === undefined) return notFound('group', command.parentId);
  const planned = planGeneration(command);
  if (!planned.ok) return planned;
  if (isGenerated(state, command.newId, planned.plan.total)) return ALREADY_SO;
  if (!fitsBelow(state.tree, parent, planned.plan.levels.length - 1)) return tooDeep;
  const taken = topNames(planned.plan).filter((name) => childNamed(state.tree, parent, nameKey(name)) !== undefined);
  if (taken.length === 0) return accept(generate(planned.plan));
  const names = taken.slice(0, MAX_NAMED_CLASHES);
  return refuse({ code: 'NAME_TAKEN', parentId: command.parentId, names, count: taken.length });
};

const adoptedIdFault = (state: GroupTreeState, externalIds: readonly (string | null)[] = []): Decided | null => {
  for (const externalId of externalIds) {
    const fault = externalIdFault(state, 'group', null, externalId);
    if (fault) return fault;
  }
  return null;
};

/** G3, P4: a subtree of another project of the tenant arrives as new groups. */
const adoptSubtree: Decider<'AdoptSubtree'> = (state, command) => {
  if (state.project?.tenantId !== command.tenantId) {
    const reason = 'groups do not move to a project of another tenant';
    return refuse({ code: 'NOT_TRANSFERABLE', groupId: command.origin.groupId, reason });
  }
  const parent = slotOf(state, command.parentId);
  if (parent === undefined) return notFound('group', command.parentId);
  if (isGenerated(state, command.newId, command.names.length)) return ALREADY_SO;
  if (!fitsBelow(state.tree, parent, heightOfColumns(command.parents))) return tooDeep;
  const refused = nameTaken(state, parent, command.names[0] as string) ?? adoptedIdFault(state, command.externalIds);
  return refused ?? accept(adoptedEvents(command));
};

/** The details of a group after a change; without an external id, where that stays as it is. */
const detailsAfter = (
  state: GroupTreeState,
  slot: number,
  { groupId, groupType, name, externalId: sent }: TreeCommandOf<'ChangeGroupDetails'>,
): { readonly type: GroupType; readonly name: string; readonly externalId?: string | null } => {
  const externalId = externalIdChange(state, 'group', groupId, sent);
  return {
    type: groupType ?? typeOf(state.tree, slot),
    name: name === null ? nameOf(state.tree, slot) : tidyName(name),
    ...(externalId !== undefined && { externalId }),
  };
};

const changeGroupDetails: Decider<'ChangeGroupDetails'> = (state, command) => {
  const { tree } = state;
  const unnamed = refuseName('name', command.name);
  const slot = slotOf(state, command.groupId);
  if (slot === undefined) return notFound('group', command.groupId);
  const isRoot = parentOf(tree, slot) < 0;
  const { type, name, ...identified } = detailsAfter(state, slot, command);
  if (isRoot && type !== 'company') return invalid('type', 'the root of a project is its company');
  if (identified.externalId === undefined && type === typeOf(tree, slot) && name === nameOf(tree, slot))
    return ALREADY_SO;
  const refused = unnamed ?? nameTaken(state, parentOf(tree, slot), name, slot);
  const taken = refused ?? externalIdFault(state, 'group', command.groupId, identified.externalId);
  return (
    taken ?? accept([{ type: 'GroupDetailsChanged', data: { groupId: command.groupId, type, name, ...identified } }])
  );
};

/** G1, and the part of G3 that concerns the tree alone: licensing is asked first (see `checkRelocation`). O(depth). */
const moveGroup: Decider<'MoveGroup'> = (state, { groupId, parentId, authority }) => {
  const { tree } = state;
  const slot = slotOf(state, groupId);
  if (slot === undefined) return notFound('group', groupId);
  const parent = slotOf(state, parentId);
  if (parent === undefined) return notFound('group', parentId);
  if (lineage(tree, parent).includes(slot)) return refuse({ code: 'CYCLE', groupId, parentId });
  if (parentOf(tree, slot) === parent) return ALREADY_SO;
  if (!fitsBelow(tree, parent, heightOf(tree, slot))) return tooDeep;
  const clash = nameTaken(state, parent, nameOf(tree, slot)) ?? membersHoldMore(state, slot, authority);
  return clash ?? accept([{ type: 'GroupMoved', data: { groupId, parentId } }]);
};

/** G4, U4. O(size of the subtree). A second removal finds nothing. The members of a removed group leave with it. */
const removeSubtree: Decider<'RemoveSubtree'> = (state, { groupId, authority }) => {
  const slot = slotOf(state, groupId);
  if (slot === undefined) return notFound('group', groupId);
  if (parentOf(state.tree, slot) < 0) return invalid('groupId', 'the root of a project cannot be removed');
  const refused = membersHoldMore(state, slot, authority);
  if (refused) return refused;
  const devices = devicesBelow(state, slot).map((data): TreeEvent => ({ type: 'DeviceRemoved', data }));
  const members = membersBelow(state, slot).map((data): TreeEvent => ({ type: 'MemberRemoved', data }));
  return accept([...devices, ...members, { type: 'SubtreeRemoved', data: { groupId } }]);
};

/** docs/domain/rules.md#roles: a project that has an administrator, a member of its root, keeps one. O(members of the root). */
const isLastAdministrator = ({ members, membersOf, project }: GroupTreeState, { memberId }: MemberFacts): boolean => {
  const ofRoot = [...(membersOf.get(project?.projectId ?? '')?.values() ?? [])];
  const left = ofRoot.filter((id) => isAdministrator((members.get(id) as MemberFacts).role));
  return left.length === 1 && left[0] === memberId;
};
/** The last administrator is a member of the root, whose id is the project's. */
const noneLeft = ({ groupId: projectId, memberId }: MemberFacts): Decided =>
  refuse({ code: 'LAST_ADMINISTRATOR', projectId, memberId });

type PutMember = Omit<TreeCommandOf<'AddMember'>, 'type' | 'projectId'>;

const putAgain = (state: GroupTreeState, known: MemberFacts, { name, role, externalId: sent }: PutMember): Decided => {
  const changed = externalIdChange(state, 'member', known.memberId, sent);
  if (known.name === name && known.role === role && changed === undefined) return ALREADY_SO;
  if (!isAdministrator(role) && isLastAdministrator(state, known)) return noneLeft(known);
  const { externalId: former, ...facts } = known;
  const externalId = changed === undefined ? former : changed;
  const data = { ...facts, name, role, ...factOfExternalId(externalId) };
  return externalIdFault(state, 'member', known.memberId, changed) ?? accept([{ type: 'MemberAdded', data }]);
};

const addNew = (state: GroupTreeState, { externalId: sent, ...member }: PutMember): Decided => {
  const externalId = externalIdChange(state, 'member', member.memberId, sent);
  const data = { ...member, ...factOfExternalId(externalId) };
  return externalIdFault(state, 'member', member.memberId, externalId) ?? accept([{ type: 'MemberAdded', data }]);
};

const addMember: Decider<'AddMember'> = (state, { type: _, projectId: __, ...command }) => {
  const unnamed = refuseName('name', command.name);
  if (unnamed) return unnamed;
  const member = { ...command, name: tidyName(command.name) };
  if (slotOf(state, member.groupId) === undefined) return notFound('group', member.groupId);
  const memberId = state.membersOf.get(member.groupId)?.get(emailKey(member.email)) ?? member.memberId;
  const known = state.members.get(memberId);
  return known ? putAgain(state, known, member) : addNew(state, member);
};

const removeMember: Decider<'RemoveMember'> = (state, { groupId, memberId }) => {
  const member = state.members.get(memberId);
  if (!member || member.groupId !== groupId) return notFound('member', memberId);
  return isLastAdministrator(state, member) ? noneLeft(member) : accept([{ type: 'MemberRemoved', data: member }]);
};

const addDevice: Decider<'AddDevice'> = (state, { type: _, projectId: __, externalId: sent, ...device }) => {
  const known = state.devices.get(knownSerialNumber(state, device.serialNumber));
  if (known && known.groupId !== null && known.groupId !== device.groupId) {
    return refuse({ code: 'DEVICE_ELSEWHERE', serialNumber: device.serialNumber, groupId: known.groupId });
  }
  if (known && (known.groupId !== null || known.claimId === device.claimId)) return ALREADY_SO;
  if (slotOf(state, device.groupId) === undefined) return notFound('group', device.groupId);
  const externalId = externalIdChange(state, 'device', device.serialNumber, sent);
  const data = { ...device, ...factOfExternalId(externalId) };
  return externalIdFault(state, 'device', device.serialNumber, externalId) ?? accept([{ type: 'DeviceAdded', data }]);
};

const setDeviceExternalId: Decider<'SetDeviceExternalId'> = (
  state,
  { groupId, serialNumber: typed, externalId: sent },
) => {
  const serialNumber = knownSerialNumber(state, typed);
  if (state.devices.get(serialNumber)?.groupId !== groupId) return notFound('device', typed);
  const externalId = externalIdChange(state, 'device', serialNumber, sent);
  if (externalId === undefined) return ALREADY_SO;
  const data = { serialNumber, groupId, externalId };
  return (
    externalIdFault(state, 'device', serialNumber, externalId) ?? accept([{ type: 'DeviceExternalIdChanged', data }])
  );
};

const removeDevice: Decider<'RemoveDevice'> = (state, { groupId, serialNumber: typed }) => {
  const serialNumber = knownSerialNumber(state, typed);
  const known = state.devices.get(serialNumber);
  if (!known || known.groupId !== groupId) return notFound('device', typed);
  const { claimId, model } = known;
  const data = { serialNumber, groupId, model, claimId, ...deviceExternalIdOf(state, serialNumber) };
  return accept([{ type: 'DeviceRemoved', data }]);
};

const DECIDERS: { readonly [Type in TreeCommand['type']]: Decider<Type> } = {
  CreateProject: createProject,
  CloseProject: closeProject,
  EndMemberships: endMemberships,
  CreateGroup: createGroup,
  GenerateGroups: generateGroups,
  AdoptSubtree: adoptSubtree,
  ChangeGroupDetails: changeGroupDetails,
  MoveGroup: moveGroup,
  RemoveSubtree: removeSubtree,
  ReshapeTree: reshapeTree,
  AddMember: addMember,
  RemoveMember: removeMember,
  AddDevice: addDevice,
  SetDeviceExternalId: setDeviceExternalId,
  RemoveDevice: removeDevice,
};

const onClosedProject = (projectId: string, reason: string, { type }: TreeCommand): Decided =>
  type === 'CloseProject' ? ALREADY_SO : refuse({ code: 'PROJECT_CLOSED', projectId, reason });

/** Leaves the state unchanged, except for the index of names, which is built when it is first needed. */
export const decideGroupTree = (state: GroupTreeState, command: TreeCommand): Decided => {
  if (command.type === 'CreateProject') return createProject(state, command);
  if (!state.project) return notFound('project', command.projectId);
  if (command.type === 'EndMemberships') return endMemberships(state, command);
  if (state.closedReason !== null) return onClosedProject(state.project.projectId, state.closedReason, command);
  return (DECIDERS[command.type] as Decider<TreeCommand['type']>)(state, command);
};

/** A change of shape as `decideGroupTree` decides it, in slices. */
export function* decideReshape(state: GroupTreeState, command: TreeCommandOf<'ReshapeTree'>): Slices<Decided> {
  if (!state.project) return notFound('project', command.projectId);
  if (state.closedReason !== null) return onClosedProject(state.project.projectId, state.closedReason, command);
  return yield* reshapeInSlices(state, command);
}

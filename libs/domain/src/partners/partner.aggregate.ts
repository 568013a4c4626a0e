import { isAdministrator, type Role } from '../access/roles.js';
import { accept, refuse, type Decision } from '../decision.js';
import { refuseName, tidyName } from '../names.js';
import { emailKey } from '../people/email.js';
import type { PartnerKind } from '../words.js';
import { AS_IS, eventCodec } from '../stored-events.js';

/** The person a partner is registered with. */
export interface PartnerAdministrator {
  readonly administratorId: string;
  readonly name: string;
  readonly email: string;
}

/** The project a registration creates, with its trial (L1). */
export interface RegisteredProject {
  readonly projectId: string;
  readonly name: string;
  readonly timeZone: string;
}

/**
 * A partner. A distributor is its own tenant. A dealer or management company belongs to a distributor and to its tenant, or
 * is independent and its own tenant (P1).
 */
export interface PartnerFacts {
  readonly partnerId: string;
  readonly kind: PartnerKind;
  readonly name: string;
  readonly parentPartnerId: string | null;
  readonly tenantId: string;
  readonly administrator: PartnerAdministrator;
  readonly project: RegisteredProject | null;
}

/** A person with a role at a partner: in all its projects, and where it is a distributor in its whole tenant. */
export interface PartnerMember {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

interface PartnerEvents {
  /** Brings its administrator along, with the role of its kind. */
  PartnerRegistered: PartnerFacts;
  /** The same person again: with another name or role. */
  PartnerAdministratorAdded: PartnerMember & { partnerId: string; tenantId: string };
  PartnerAdministratorRemoved: { partnerId: string; userId: string };
  /** Became a distributor; its administrators got the role of that kind, each with an event of its own. */
  PartnerPromoted: { partnerId: string; tenantId: string; kind: 'distributor' };
  /** The partner can create postpaid projects from now on, or no longer; existing projects are unchanged. */
  PostpaidAllowed: { partnerId: string; tenantId: string };
  PostpaidWithdrawn: { partnerId: string; tenantId: string };
  /**
   * The partner can be read from now on. Its administrators were removed, each with an event of its own;
   * `memberships`: their memberships in closed projects, which have ended.
   */
  PartnerClosed: ClosedPartner & { reason: string };
}

export interface ClosedPartner {
  readonly partnerId: string;
  readonly tenantId: string;
  readonly memberships: readonly EndedMemberships[];
}

export interface EndedMemberships {
  readonly projectId: string;
  readonly userIds: readonly string[];
}

export type PartnerEventType = keyof PartnerEvents;
export type PartnerEvent = {
  [Type in PartnerEventType]: { readonly type: Type; readonly data: Readonly<PartnerEvents[Type]> };
}[PartnerEventType];

/** `parent`: what is known of the partner named as parent; `null`: the partner is its own tenant. */
type RegisterPartner = { readonly type: 'RegisterPartner' } & Omit<PartnerFacts, 'parentPartnerId' | 'tenantId'> & {
    readonly parent: Pick<PartnerFacts, 'partnerId' | 'kind' | 'tenantId'> | null;
  };
/** `role: null`: that of the partner's kind. */
type AddPartnerAdministrator = {
  readonly type: 'AddPartnerAdministrator';
  readonly partnerId: string;
  readonly role: Role | null;
} & Omit<PartnerMember, 'role'>;
type RemovePartnerAdministrator = {
  readonly type: 'RemovePartnerAdministrator';
  readonly partnerId: string;
  readonly userId: string;
};
type PromotePartner = { readonly type: 'PromotePartner'; readonly partnerId: string };
/** Whether people with `projects:manage` at the partner can create postpaid projects of it (L1). */
type PermitPostpaid = { readonly type: 'PermitPostpaid'; readonly partnerId: string; readonly allowed: boolean };
/**
 * `open`: what is open below the partner. `memberships`: those of its administrators in its projects, and where it is its own
 * tenant in all projects of the tenant.
 */
type ClosePartner = {
  readonly type: 'ClosePartner';
  readonly partnerId: string;
  readonly reason: string;
  readonly open: OpenBelow;
  readonly memberships: readonly EndedMemberships[];
};
export interface OpenBelow {
  readonly projectIds: readonly string[];
  readonly partnerIds: readonly string[];
}
export type PartnerCommand =
  | RegisterPartner
  | AddPartnerAdministrator
  | RemovePartnerAdministrator
  | PromotePartner
  | PermitPostpaid
  | ClosePartner;

export type PartnerRefusal =
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string }
  | { readonly code: 'NOT_FOUND'; readonly what: 'partner' | 'administrator'; readonly id: string }
  | { readonly code: 'LAST_ADMINISTRATOR'; readonly partnerId: string; readonly userId: string }
  | { readonly code: 'PARTNER_CLOSED'; readonly partnerId: string; readonly reason: string }
  /** At most `MAX_NAMED_OPEN` of each, of `count` in all. */
  | ({ readonly code: 'PARTNER_NOT_EMPTY'; readonly partnerId: string; readonly count: number } & OpenBelow)
  | { readonly code: 'PARTNER_NOT_INDEPENDENT'; readonly partnerId: string; readonly parentPartnerId: string };

/** How many open projects, and how many open partners, a refusal names. */
export const MAX_NAMED_OPEN = 20;

export interface PartnerState {
  readonly partner: PartnerFacts | null;
  /** Why the partner was closed; `null`: it is open. */
  readonly closedReason: string | null;
  /** Whether people of the partner can create postpaid projects (L1). */
  readonly postpaidAllowed: boolean;
  /** By user id. */
  readonly administrators: ReadonlyMap<string, PartnerMember>;
}

/** The role of the administrator of a partner of this kind (docs/domain/rules.md#roles). */
export const administratorRole = (kind: PartnerKind): 'company_administrator' | 'site_administrator' =>
  kind === 'distributor' ? 'company_administrator' : 'site_administrator';

const partnerCodec = eventCodec<PartnerEvent>('a partner')({
  PartnerRegistered: AS_IS,
  PartnerAdministratorAdded: AS_IS,
  PartnerAdministratorRemoved: AS_IS,
  PartnerPromoted: AS_IS,
  PostpaidAllowed: AS_IS,
  PostpaidWithdrawn: AS_IS,
  PartnerClosed: AS_IS,
});

const evolve = (state: PartnerState, event: PartnerEvent): PartnerState => {
  const administrators = new Map(state.administrators);
  if (event.type === 'PartnerPromoted')
    return { ...state, partner: state.partner && { ...state.partner, kind: event.data.kind } };
  if (event.type === 'PostpaidAllowed' || event.type === 'PostpaidWithdrawn')
    return { ...state, postpaidAllowed: event.type === 'PostpaidAllowed' };
  if (event.type === 'PartnerClosed') return { ...state, closedReason: event.data.reason };
  if (event.type === 'PartnerRegistered') {
    const first = registeredAdministrator(event.data);
    return { ...state, partner: event.data, administrators: administrators.set(first.userId, first) };
  }
  if (event.type === 'PartnerAdministratorRemoved') administrators.delete(event.data.userId);
  else {
    const { userId, email, name, role } = event.data;
    administrators.set(userId, { userId, email, name, role });
  }
  return { ...state, administrators };
};

type Decided = Decision<PartnerEvent, PartnerRefusal>;

/** Why a partner of this kind cannot be below that parent; `null`: it can. */
const misplaced = (kind: PartnerKind, parent: RegisterPartner['parent']): string | null => {
  if (parent === null) return null;
  if (kind === 'distributor') return 'a distributor has no partner above it';
  return parent.kind === 'distributor' ? null : `a ${kind} belongs to a distributor or is independent`;
};

const register = (state: PartnerState, command: RegisterPartner): Decided => {
  if (state.partner) return accept([]);
  const { type: _, parent, ...facts } = command;
  const message = misplaced(facts.kind, parent);
  if (message !== null) return refuse({ code: 'VALIDATION', field: 'parentPartnerId', message });
  const { administrator } = facts;
  const unnamed = refuseName('name', facts.name) ?? refuseName('administrator.name', administrator.name);
  if (unnamed) return unnamed;
  const name = tidyName(facts.name);
  const place = parent
    ? { parentPartnerId: parent.partnerId, tenantId: parent.tenantId }
    : { parentPartnerId: null, tenantId: facts.partnerId };
  return accept([
    {
      type: 'PartnerRegistered',
      data: { ...facts, name, administrator: { ...administrator, name: tidyName(administrator.name) }, ...place },
    },
  ]);
};

const isLastAdministrator = ({ administrators }: PartnerState, userId: string): boolean => {
  const left = [...administrators.values()].filter(({ role }) => isAdministrator(role));
  return left.length === 1 && left[0]?.userId === userId;
};

const knownAdministrator = (
  { administrators }: PartnerState,
  userId: string,
  email: string,
): PartnerMember | undefined =>
  administrators.get(userId) ?? [...administrators.values()].find((other) => emailKey(other.email) === emailKey(email));

const addAdministrator = (
  state: PartnerState,
  { partnerId, tenantId, kind }: PartnerFacts,
  { userId, email, name, role: wanted }: AddPartnerAdministrator,
): Decided => {
  const usual = administratorRole(kind);
  const role = wanted ?? usual;
  if (isAdministrator(role) && role !== usual)
    return refuse({ code: 'VALIDATION', field: 'role', message: `the administrator of a ${kind} is a ${usual}` });
  const known = knownAdministrator(state, userId, email) ?? { userId, email, name: null, role: null };
  if (known.name === name && known.role === role) return accept([]);
  if (!isAdministrator(role) && isLastAdministrator(state, known.userId))
    return refuse({ code: 'LAST_ADMINISTRATOR', partnerId, userId: known.userId });
  const member = { userId: known.userId, email: known.email, name, role };
  return accept([{ type: 'PartnerAdministratorAdded', data: { partnerId, tenantId, ...member } }]);
};

const removeAdministrator = (state: PartnerState, { partnerId, userId }: RemovePartnerAdministrator): Decided => {
  const known = state.administrators.get(userId);
  if (!known) return refuse({ code: 'NOT_FOUND', what: 'administrator', id: userId });
  if (isLastAdministrator(state, userId)) return refuse({ code: 'LAST_ADMINISTRATOR', partnerId, userId });
  return accept([{ type: 'PartnerAdministratorRemoved', data: { partnerId, userId } }]);
};

/** P1: an independent partner becomes a distributor. Its tenant is unchanged, so no row changes its owner. */
const promote = (
  { administrators }: PartnerState,
  { partnerId, kind, tenantId, parentPartnerId }: PartnerFacts,
): Decided => {
  if (kind === 'distributor') return accept([]);
  if (parentPartnerId !== null) return refuse({ code: 'PARTNER_NOT_INDEPENDENT', partnerId, parentPartnerId });
  const [before, role] = [administratorRole(kind), administratorRole('distributor')];
  const raised = [...administrators.values()].filter((member) => member.role === before);
  return accept([
    { type: 'PartnerPromoted', data: { partnerId, tenantId, kind: 'distributor' } },
    ...raised.map((member): PartnerEvent => ({
      type: 'PartnerAdministratorAdded',
      data: { partnerId, tenantId, ...member, role },
    })),
  ]);
};

/** L1: the server administrator allows a partner to make postpaid projects. */
const permitPostpaid = (
  { postpaidAllowed }: PartnerState,
  { partnerId, tenantId }: PartnerFacts,
  allowed: boolean,
): Decided =>
  allowed === postpaidAllowed
    ? accept([])
    : accept([{ type: allowed ? 'PostpaidAllowed' : 'PostpaidWithdrawn', data: { partnerId, tenantId } }]);

/** Nothing is deleted: its stock stays, and the licenses it issued run out (L4). */
const close = (
  { administrators }: PartnerState,
  { partnerId, tenantId }: PartnerFacts,
  { reason, open, memberships }: Omit<ClosePartner, 'type'>,
): Decided => {
  const count = open.projectIds.length + open.partnerIds.length;
  if (count > 0) {
    const projectIds = open.projectIds.slice(0, MAX_NAMED_OPEN);
    const partnerIds = open.partnerIds.slice(0, MAX_NAMED_OPEN);
    return refuse({ code: 'PARTNER_NOT_EMPTY', partnerId, count, projectIds, partnerIds });
  }
  return accept([
    { type: 'PartnerClosed', data: { partnerId, tenantId, reason, memberships } },
    ...[...administrators.keys()].map((userId): PartnerEvent => ({
      type: 'PartnerAdministratorRemoved',
      data: { partnerId, userId },
    })),
  ]);
};

/** The refusal because a partner is closed; `null`: it is open, or there is none. */
export const closedPartner = ({ partner, closedReason }: PartnerState): PartnerRefusal | null =>
  partner === null || closedReason === null
    ? null
    : { code: 'PARTNER_CLOSED', partnerId: partner.partnerId, reason: closedReason };

const nameAndAdd = (state: PartnerState, partner: PartnerFacts, command: AddPartnerAdministrator): Decided =>
  refuseName('name', command.name) ?? addAdministrator(state, partner, { ...command, name: tidyName(command.name) });

const decide = (state: PartnerState, command: PartnerCommand): Decided => {
  if (command.type === 'RegisterPartner') return register(state, command);
  const { partner } = state;
  if (!partner) return refuse({ code: 'NOT_FOUND', what: 'partner', id: command.partnerId });
  const closed = closedPartner(state);
  if (closed) return command.type === 'ClosePartner' ? accept([]) : refuse(closed);
  switch (command.type) {
    case 'AddPartnerAdministrator':
      return nameAndAdd(state, partner, command);
    case 'RemovePartnerAdministrator':
      return removeAdministrator(state, command);
    case 'PromotePartner':
      return promote(state, partner);
    case 'PermitPostpaid':
      return permitPostpaid(state, partner, command.allowed);
    case 'ClosePartner':
      return close(state, partner, command);
  }
};

/** The administrator a partner was registered with, in the form of those added later. */
export const registeredAdministrator = ({ kind, administrator }: PartnerFacts): PartnerMember => ({
  userId: administrator.administratorId,
  email: administrator.email,
  name: administrator.name,
  role: administratorRole(kind),
});

/** One partner and who administers it; stream `partner-<partnerId>`. */
export const partnerAggregate = {
  category: 'partner',
  initial: (): PartnerState => ({
    partner: null,
    closedReason: null,
    postpaidAllowed: false,
    administrators: new Map(),
  }),
  evolve,
  decide,
  eventTypes: partnerCodec.types,
  encode: partnerCodec.encode,
  decode: partnerCodec.decode,
  tenantOf: (state: PartnerState): string | null => state.partner?.tenantId ?? null,
} as const;

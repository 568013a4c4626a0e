import { accept, refuse, type Decision } from '../decision.js';
import { tidyName } from '../hierarchy/names.js';
import type { PartnerKind } from '../words.js';

/** The person a partner is registered with. */
export interface PartnerAdministrator {
  readonly administratorId: string;
  readonly name: string;
  readonly email: string;
}

/** The project a registration creates, with its trial (domain.md L1). */
export interface RegisteredProject {
  readonly projectId: string;
  readonly name: string;
  readonly timeZone: string;
}

/**
 * A partner. A distributor is its own tenant and stands at the top; dealers and management companies belong to a
 * distributor and to its tenant.
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

export type PartnerEvent = { readonly type: 'PartnerRegistered'; readonly data: PartnerFacts };

/** `parent`: what is known of the partner named as parent; its kind and tenant never change. */
export type PartnerCommand = { readonly type: 'RegisterPartner' } & Omit<
  PartnerFacts,
  'parentPartnerId' | 'tenantId'
> & {
    readonly parent: Pick<PartnerFacts, 'partnerId' | 'kind' | 'tenantId'> | null;
  };

export interface PartnerRefusal {
  readonly code: 'VALIDATION';
  readonly field: string;
  readonly message: string;
}

export interface PartnerState {
  readonly partner: PartnerFacts | null;
}

/** Who may stand below whom. */
const misplaced = (kind: PartnerKind, parent: PartnerCommand['parent']): string | null => {
  if (kind === 'distributor') return parent ? 'a distributor has no partner above it' : null;
  return parent?.kind === 'distributor' ? null : `a ${kind} belongs to a distributor`;
};

const decide = (state: PartnerState, command: PartnerCommand): Decision<PartnerEvent, PartnerRefusal> => {
  if (state.partner) return accept([]);
  const { type: _, parent, ...facts } = command;
  const message = misplaced(facts.kind, parent);
  if (message !== null) return refuse({ code: 'VALIDATION', field: 'parentPartnerId', message });
  const name = tidyName(facts.name);
  const place = parent
    ? { parentPartnerId: parent.partnerId, tenantId: parent.tenantId }
    : { parentPartnerId: null, tenantId: facts.partnerId };
  return accept([{ type: 'PartnerRegistered', data: { ...facts, name, ...place } }]);
};

/** One partner; stream `partner-<partnerId>`. */
export const partnerAggregate = {
  category: 'partner',
  initial: (): PartnerState => ({ partner: null }),
  evolve: (_state: PartnerState, event: PartnerEvent): PartnerState => ({ partner: event.data }),
  decide,
  encode: (event: PartnerEvent): { type: string; data: unknown } => ({ type: 'PartnerRegistered', data: event.data }),
  decode: (stored: string, data: unknown): PartnerEvent => {
    if (stored !== 'PartnerRegistered') throw new Error(`unknown event type of a partner: ${stored}`);
    return { type: 'PartnerRegistered', data: data as PartnerFacts };
  },
  tenantOf: (state: PartnerState): string | null => state.partner?.tenantId ?? null,
} as const;

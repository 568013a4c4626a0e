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

const invalidParent = (message: string) =>
  refuse<PartnerRefusal>({ code: 'VALIDATION', field: 'parentPartnerId', message });

const decide = (state: PartnerState, command: PartnerCommand): Decision<PartnerEvent, PartnerRefusal> => {
  if (state.partner) return accept([]);
  const { type: _, parent, ...facts } = command;
  const isDistributor = facts.kind === 'distributor';
  if (isDistributor && parent) return invalidParent('a distributor has no partner above it');
  if (!isDistributor && parent?.kind !== 'distributor') {
    return invalidParent(`a ${facts.kind} belongs to a distributor`);
  }
  const data: PartnerFacts = {
    ...facts,
    name: tidyName(facts.name),
    parentPartnerId: parent?.partnerId ?? null,
    tenantId: parent?.tenantId ?? facts.partnerId,
  };
  return accept([{ type: 'PartnerRegistered', data }]);
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

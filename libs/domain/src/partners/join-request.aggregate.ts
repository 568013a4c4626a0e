import { accept, refuse, type Decision } from '../decision.js';
import { tidyName } from '../names.js';
import type { PartnerAdministrator, RegisteredProject } from './partner.aggregate.js';
import { AS_IS, eventCodec } from '../stored-events.js';

/** A partner that asks a distributor to belong to it (P1). Until it is approved there is no such partner. */
export interface JoinRequestFacts {
  readonly requestId: string;
  readonly distributorId: string;
  /** The tenant of the distributor, which decides. */
  readonly tenantId: string;
  /** The id of the partner once it is approved. */
  readonly partnerId: string;
  readonly kind: 'dealer' | 'management_company';
  readonly name: string;
  readonly administrator: PartnerAdministrator;
  readonly project: RegisteredProject;
}

interface JoinRequestEvents {
  JoinRequested: JoinRequestFacts;
  JoinApproved: { requestId: string };
  JoinRejected: { requestId: string; reason: string };
}

export type JoinRequestEventType = keyof JoinRequestEvents;
export type JoinRequestEvent = {
  [Type in JoinRequestEventType]: { readonly type: Type; readonly data: Readonly<JoinRequestEvents[Type]> };
}[JoinRequestEventType];

/** `distributorId`: the distributor that decides; it cannot see requests to another one. */
export type JoinRequestCommand =
  | ({ readonly type: 'RequestJoin' } & JoinRequestFacts)
  | { readonly type: 'ApproveJoin'; readonly requestId: string; readonly distributorId: string }
  | {
      readonly type: 'RejectJoin';
      readonly requestId: string;
      readonly distributorId: string;
      readonly reason: string;
    };

export type JoinRequestStatus = 'open' | 'approved' | 'rejected';

export type JoinRequestRefusal =
  | { readonly code: 'NOT_FOUND'; readonly what: 'join request'; readonly id: string }
  | {
      readonly code: 'JOIN_REQUEST_DECIDED';
      readonly requestId: string;
      readonly status: Exclude<JoinRequestStatus, 'open'>;
    };

export interface JoinRequestState {
  readonly request: JoinRequestFacts | null;
  readonly status: JoinRequestStatus;
}

const joinRequestCodec = eventCodec<JoinRequestEvent>('a join request')({
  JoinRequested: AS_IS,
  JoinApproved: AS_IS,
  JoinRejected: AS_IS,
});

const evolve = (state: JoinRequestState, event: JoinRequestEvent): JoinRequestState => {
  if (event.type === 'JoinRequested') return { request: event.data, status: 'open' };
  return { ...state, status: event.type === 'JoinApproved' ? 'approved' : 'rejected' };
};

type Decided = Decision<JoinRequestEvent, JoinRequestRefusal>;
type DecideCommand = Exclude<JoinRequestCommand, { type: 'RequestJoin' }>;

const settle = ({ request, status }: JoinRequestState, command: DecideCommand): Decided => {
  const { requestId, distributorId } = command;
  if (request?.distributorId !== distributorId)
    return refuse({ code: 'NOT_FOUND', what: 'join request', id: requestId });
  const wanted = command.type === 'ApproveJoin' ? 'approved' : 'rejected';
  if (status === wanted) return accept([]);
  if (status !== 'open') return refuse({ code: 'JOIN_REQUEST_DECIDED', requestId, status });
  return accept([
    command.type === 'ApproveJoin'
      ? { type: 'JoinApproved', data: { requestId } }
      : { type: 'JoinRejected', data: { requestId, reason: command.reason } },
  ]);
};

const decide = (state: JoinRequestState, command: JoinRequestCommand): Decided => {
  if (command.type !== 'RequestJoin') return settle(state, command);
  if (state.request) return accept([]);
  const { type: _, ...facts } = command;
  const administrator = { ...facts.administrator, name: tidyName(facts.administrator.name) };
  const project = facts.project && { ...facts.project, name: tidyName(facts.project.name) };
  return accept([{ type: 'JoinRequested', data: { ...facts, name: tidyName(facts.name), administrator, project } }]);
};

/** One request to join a distributor; stream `join_request-<requestId>`. */
export const joinRequestAggregate = {
  category: 'join_request',
  initial: (): JoinRequestState => ({ request: null, status: 'open' }),
  evolve,
  decide,
  eventTypes: joinRequestCodec.types,
  encode: joinRequestCodec.encode,
  decode: joinRequestCodec.decode,
  tenantOf: (state: JoinRequestState): string | null => state.request?.tenantId ?? null,
} as const;

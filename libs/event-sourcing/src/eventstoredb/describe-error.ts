import { StoreUnavailable } from '../errors.js';

/** The connection on which an error occurred. */
export interface ConnectionInfo {
  /** `host:port`, several separated by commas. */
  readonly nodes: string;
  readonly secured: boolean;
}

/** Properties of the client errors that are used here. */
interface ClientError extends Error {
  /** Error type of the client. */
  readonly type?: string;
  /** gRPC status. */
  readonly code?: number;
  readonly leader?: { readonly address: string; readonly port: number };
  readonly maxAppendSize?: number;
}

/** Says what happened and what to do about it. */
type Describe = (error: ClientError, connection: ConnectionInfo) => string;

const UNAUTHENTICATED = 16;

const unavailable: Describe = ({ message }, { nodes, secured }) => {
  if (secured && /wrong version number|packet length too long|EPROTO/.test(message))
    return `EventStoreDB at ${nodes} does not use TLS. Add ?tls=false to the connection string, or configure a certificate on the node.`;
  if (secured && /certificate|altname/i.test(message))
    return `the certificate of EventStoreDB at ${nodes} is not trusted. Add tlsCAFile=... with the CA certificate to the connection string.`;
  if (!secured && /Failed to connect/.test(message))
    return `EventStoreDB at ${nodes} closes the connection immediately, which usually means that it requires TLS. Add ?tls=true to the connection string, or wait if the node is still starting.`;
  return `EventStoreDB at ${nodes} cannot be reached. Check that it is running and that host and port (default 2113) are correct.`;
};

const denied: Describe = ({ code }, { nodes }) =>
  code === UNAUTHENTICATED
    ? `EventStoreDB at ${nodes} rejected the user name or password. Correct them in the connection string.`
    : `EventStoreDB at ${nodes} denied access. Add the user to $admins, or grant it read access to $all and read and write access to the streams.`;

const notLeader: Describe = ({ leader }, { nodes }) =>
  `the EventStoreDB node at ${nodes} does not accept appends, nor does its leader ${leader?.address}:${leader?.port}. List all nodes in the connection string, or use esdb+discover://.`;

const late: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} did not respond in time, so the outcome is unknown. Check the node, or increase defaultDeadline=... (milliseconds) in the connection string.`;

const undiscovered: Describe = (_, { nodes }) =>
  `no node at ${nodes} reported the leader of the cluster. Check that the nodes are running and that the hosts and the tls setting in the connection string are correct.`;

const leaderless: Describe = (_, { nodes }) =>
  `the EventStoreDB node at ${nodes} does not accept appends and knows no leader. Check that a majority of the cluster is running, or use a node that is not a read-only replica.`;

const notReady: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} is still starting. Retry, and check its log if the error persists.`;

const busy: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} is too busy to accept the call. Retry, and give the node more CPU or faster disks if the error persists.`;

const timedOut: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} timed out internally, so the outcome is unknown. Retry, and check that a majority of the cluster is running.`;

const tooSlow: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} dropped the subscription because this process read too slowly. Resubscribing; versions from 24.10 catch up instead.`;

/** Errors that a retry may resolve. */
const TRANSIENT: ReadonlySet<Describe> = new Set([
  unavailable,
  notLeader,
  late,
  undiscovered,
  leaderless,
  notReady,
  busy,
  timedOut,
  tooSlow,
]);

/** Nodes up to 25.0 refuse to start with a higher value; from 25.1 the default is sufficient. */
const HIGHEST_MAX_APPEND_SIZE = 16_767_216;

const BY_TYPE: Readonly<Record<string, Describe>> = {
  unavailable,
  'access-denied': denied,
  'not-leader': notLeader,
  'deadline-exceeded': late,
  timeout: timedOut,
  'maximum-append-size-exceeded': ({ maxAppendSize }, { nodes }) =>
    `EventStoreDB at ${nodes} does not accept appends larger than ${maxAppendSize} bytes. Set its MaxAppendSize to ${HIGHEST_MAX_APPEND_SIZE}, the maximum up to version 25.0, or leave it unset from KurrentDB 25.1.`,
  'stream-deleted': (_, { nodes }) =>
    `EventStoreDB at ${nodes} reports a stream of this system as permanently deleted (tombstoned). Restore the node from a backup.`,
};

/** Errors of a generic type, recognized by their message. */
const BY_MESSAGE: readonly (readonly [RegExp, Describe])[] = [
  [/server is not ready/i, notReady],
  [/too busy/i, busy],
  [/too slow/i, tooSlow],
  [/Failed to discover/, undiscovered],
  [/No leader info/, leaderless],
  [
    /invalid ?position/i,
    (_, { nodes }) =>
      `EventStoreDB at ${nodes} has no event at a position that was read before: the checkpoints in the database belong to another store. Set EVENT_STORE_URL back.`,
  ],
];

/** Replaces an error of the client by one that says what to do, with the original as its cause. */
export function describeError(error: Error, connection: ConnectionInfo): Error {
  if (error instanceof StoreUnavailable) return error;
  const known = error as ClientError;
  const byMessage = BY_MESSAGE.find(([message]) => message.test(known.message))?.[1];
  const describe = byMessage ?? BY_TYPE[known.type ?? ''];
  if (!describe) return error;
  const Kind = TRANSIENT.has(describe) ? StoreUnavailable : Error;
  return new Kind(describe(known, connection), { cause: error });
}

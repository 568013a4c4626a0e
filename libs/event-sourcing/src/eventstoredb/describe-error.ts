import { StoreUnavailable } from '../errors.js';

/** The connection that failed. */
export interface ConnectionInfo {
  /** `host:port`, several with commas. */
  readonly nodes: string;
  readonly secured: boolean;
}

/** What the client's errors have in common, as far as it matters here. */
interface ClientError extends Error {
  /** Kind of error, in words of the client. */
  readonly type?: string;
  /** gRPC status. */
  readonly code?: number;
  readonly leader?: { readonly address: string; readonly port: number };
  readonly maxAppendSize?: number;
}

/** What happened, and what to do about it. */
type Describe = (error: ClientError, connection: ConnectionInfo) => string;

const UNAUTHENTICATED = 16;

const unavailable: Describe = ({ message }, { nodes, secured }) => {
  if (secured && /wrong version number|packet length too long|EPROTO/.test(message))
    return `EventStoreDB at ${nodes} speaks without TLS: write ?tls=false into the connection string, or give the node a certificate`;
  if (secured && /certificate|altname/i.test(message))
    return `the certificate of EventStoreDB at ${nodes} is not trusted: name the file of its authority with tlsCAFile=... in the connection string`;
  if (!secured && /Failed to connect/.test(message))
    return `EventStoreDB at ${nodes} hangs up at once, as a node does that speaks TLS: write ?tls=true into the connection string, unless the node is just starting`;
  return `EventStoreDB at ${nodes} cannot be reached: see that it runs and that host and port (2113, if not changed) are right`;
};

const denied: Describe = ({ code }, { nodes }) =>
  code === UNAUTHENTICATED
    ? `EventStoreDB at ${nodes} does not know the user or the password: correct them in the connection string`
    : `EventStoreDB at ${nodes} denies the user what is needed: make it a member of $admins, or let it read $all and read and write the streams`;

const notLeader: Describe = ({ leader }, { nodes }) =>
  `the node of EventStoreDB at ${nodes} takes no appends, and its leader ${leader?.address}:${leader?.port} did not either: name all nodes, or use esdb+discover://`;

const late: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} did not answer in time, so what it did is not known: see how it is, or give it longer with defaultDeadline=... (milliseconds) in the connection string`;

const undiscovered: Describe = (_, { nodes }) =>
  `no node at ${nodes} said who leads the cluster: see that they run, and that the connection string names them and says rightly whether they speak TLS`;

const leaderless: Describe = (_, { nodes }) =>
  `the node of EventStoreDB at ${nodes} takes no appends and knows no leader: see that most nodes of the cluster run, or name one that is no read-only replica`;

const notReady: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} is still starting: retry, and see its log if it stays so`;

const busy: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} is too busy to take the call: retry, and give the node more CPU or faster disks if it stays so`;

const timedOut: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} gave up the call after a time of its own, so its outcome is unknown: retry, and see whether most nodes of the cluster run`;

const tooSlow: Describe = (_, { nodes }) =>
  `EventStoreDB at ${nodes} dropped the subscription because this process read too slowly: subscribing again; from 24.10 on a node catches up instead`;

/** Transient errors of a cluster. */
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

/** The node does not start with a higher one up to 25.0; from 25.1 on it needs none. */
const HIGHEST_MAX_APPEND_SIZE = 16_767_216;

const BY_TYPE: Readonly<Record<string, Describe>> = {
  unavailable,
  'access-denied': denied,
  'not-leader': notLeader,
  'deadline-exceeded': late,
  timeout: timedOut,
  'maximum-append-size-exceeded': ({ maxAppendSize }, { nodes }) =>
    `EventStoreDB at ${nodes} takes no append of more than ${maxAppendSize} bytes: set its MaxAppendSize to ${HIGHEST_MAX_APPEND_SIZE}, the highest up to version 25.0, or leave it unset from KurrentDB 25.1 on`,
  'stream-deleted': (_, { nodes }) =>
    `EventStoreDB at ${nodes} has a stream of this system that was deleted for good (tombstoned): restore the node from a backup`,
};

/** Whose kind says little, by what they say. */
const BY_MESSAGE: readonly (readonly [RegExp, Describe])[] = [
  [/server is not ready/i, notReady],
  [/too busy/i, busy],
  [/too slow/i, tooSlow],
  [/Failed to discover/, undiscovered],
  [/No leader info/, leaderless],
  [
    /invalid ?position/i,
    (_, { nodes }) =>
      `EventStoreDB at ${nodes} has no event at a position that was read before: the checkpoints in the database are those of another store`,
  ],
];

/** The error of the client in a sentence that says what to do; the client's own is its cause. */
export function describeError(error: Error, connection: ConnectionInfo): Error {
  if (error instanceof StoreUnavailable) return error;
  const known = error as ClientError;
  const byMessage = BY_MESSAGE.find(([message]) => message.test(known.message))?.[1];
  const describe = byMessage ?? BY_TYPE[known.type ?? ''];
  if (!describe) return error;
  const Kind = TRANSIENT.has(describe) ? StoreUnavailable : Error;
  return new Kind(describe(known, connection), { cause: error });
}

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import grpc from '@grpc/grpc-js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.js';
import { Log, systemEvent } from './log.js';
import type { Entry, Proposed } from './log.js';
import * as messages from './messages.js';

export interface EventStoreDbDoubleOptions {
  /** Uses TLS and requires credentials, like a node started without `--insecure`. */
  readonly secured?: boolean;
  /** Log shared with another node of the cluster. Default: a new one. */
  readonly log?: Log;
  /**
   * `MaxAppendSize` in bytes. Default 1 MiB; nodes up to 25.0 refuse to start with more than `HIGHEST_MAX_APPEND_SIZE`.
   */
  readonly maxAppendSize?: number;
}

/** The highest `MaxAppendSize` accepted by nodes from 23.10 to 25.0, in bytes. */
export const HIGHEST_MAX_APPEND_SIZE = 16_767_216;

/** The only user of a secured node. Reading `$all` requires membership of `$admins`. */
const USER = { name: 'allotree', password: 'p@ss:word' };

type Role = 'leader' | 'follower';
type Append = grpc.ServerReadableStream<AppendReq, AppendResp>;
type Read = grpc.ServerWritableStream<ReadReq, ReadResp>;

/** Number of events a filter may skip between two checkpoints. */
const SEARCH_WINDOW = 32;

/**
 * A test double of an EventStoreDB node: the part of the gRPC protocol that the event store uses, on an in-memory log,
 * with injectable faults. It follows the documentation and source code of version 24.10.
 */
export class EventStoreDbDouble {
  readonly log: Log;
  /** Role that the node claims to have. */
  role: Role = 'leader';
  /** Whether the user of a secured node is a member of `$admins`. */
  administrator = true;
  /** The leader that a follower redirects to; `null`: unknown. */
  leader: EventStoreDbDouble | null = null;
  /** Number of newest entries missing from its index, as on a newly elected leader. */
  lag = 0;
  /** Subscriptions stay open without receiving anything, as on a node cut off from its cluster. */
  deaf = false;
  /** Status and message with which calls are rejected. */
  refusing: { readonly code: grpc.status; readonly details: string } | null = null;
  /** Appends and reads are accepted but never answered. */
  silent = false;
  /** Number of appends that are recorded but lose their response with the connection. */
  answersToLose = 0;
  /** Number of repeated appends acknowledged without a position, as by a node that has not indexed them yet. */
  positionsToForget = 0;
  /** Called once after the next read completes. */
  afterNextRead: (() => void) | null = null;
  /** Number of append calls. */
  appends = 0;
  /** Number of subscriptions started. */
  subscriptions = 0;
  /** Number of events returned by reads, not counting subscriptions. */
  eventsRead = 0;
  readonly #server = new grpc.Server();
  readonly #sockets = new Set<net.Socket>();
  readonly #listener: net.Server;
  readonly #secured: boolean;
  readonly #maxAppendSize: number;
  #port = 0;

  static async start(options: EventStoreDbDoubleOptions = {}): Promise<EventStoreDbDouble> {
    if ((options.maxAppendSize ?? 0) > HIGHEST_MAX_APPEND_SIZE)
      throw new Error(`MaxAppendSize exceeded ${HIGHEST_MAX_APPEND_SIZE} bytes.`);
    const double = new EventStoreDbDouble(options);
    await double.listen();
    return double;
  }

  private constructor({ secured = false, maxAppendSize = 1024 * 1024, log = new Log() }: EventStoreDbDoubleOptions) {
    this.log = log;
    this.#secured = secured;
    this.#maxAppendSize = maxAppendSize;
    this.#server.addService(StreamsService, {
      append: (call: Append, answer: grpc.sendUnaryData<AppendResp>) => void this.#append(call, answer),
      read: (call: Read) => void this.#read(call),
    });
    this.#server.addService(GossipService, { read: (_: unknown, answer: Gossip) => answer(null, this.#members()) });
    const key = { private_key: Buffer.from(PRIVATE_KEY), cert_chain: Buffer.from(CERTIFICATE) };
    const injector = this.#server.createConnectionInjector(
      secured ? grpc.ServerCredentials.createSsl(null, [key]) : grpc.ServerCredentials.createInsecure(),
    );
    this.#listener = net.createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
      injector.injectConnection(socket);
    });
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connection string for operators. Restarts keep the port of the first start. */
  get url(): string {
    const user = this.#secured ? `${USER.name}:${encodeURIComponent(USER.password)}@` : '';
    return `esdb://${user}${this.address}?tls=${this.#secured}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#listener.address() as net.AddressInfo).port;
  }

  /** Closes all connections and refuses new ones; the log is kept. */
  async unplug(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.cutConnections();
    await closed;
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    if (this.#listener.listening) await this.unplug();
    this.#server.forceShutdown();
  }

  /** Writes a system event, as nodes do periodically. */
  recordStatistics(): void {
    this.log.write(`$stats-${this.address}`, [systemEvent('$statsCollected')]);
  }

  async #append(call: Append, answer: grpc.sendUnaryData<AppendResp>): Promise<void> {
    this.appends++;
    try {
      let options: AppendReq.Options | undefined;
      const events: Proposed[] = [];
      for await (const request of call as AsyncIterable<AppendReq>) {
        options ??= request.getOptions();
        if (request.hasProposedMessage()) events.push(messages.proposedOf(request.getProposedMessage()!));
      }
      // Ignores an incomplete append whose connection ended.
      if (call.cancelled) return;
      this.#admit(call);
      if (this.silent) return;
      this.#checkSize(events);
      const expected = messages.expectedOf(options!);
      const before = this.log.entries.length;
      const streamName = messages.textOf(options!.getStreamIdentifier());
      this.#refuseTombstoned(streamName);
      const result = this.log.append(streamName, expected, events);
      if (this.answersToLose > 0) {
        this.answersToLose--;
        this.cutConnections();
        return;
      }
      if (!result.ok) return answer(null, messages.wrongExpectedVersion(expected, result.current));
      const forgetting = this.log.entries.length === before && this.positionsToForget > 0;
      if (forgetting) this.positionsToForget--;
      answer(null, messages.appended(result.revision, forgetting ? null : result.position));
    } catch (error) {
      answer(error as grpc.ServiceError);
    }
  }

  #checkSize(events: readonly Proposed[]): void {
    // The node counts two bytes per character of the type.
    const size = events.reduce(
      (sum, { type, data, metadata }) => sum + 2 * type.length + data.length + metadata.length,
      0,
    );
    if (size > this.#maxAppendSize)
      throw refusal(grpc.status.INVALID_ARGUMENT, `Maximum Append Size of ${this.#maxAppendSize} Exceeded.`, {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(this.#maxAppendSize),
      });
  }

  async #read(call: Read): Promise<void> {
    const options = call.request.getOptions()!;
    try {
      this.#admit(call);
      if (options.hasAll() && this.#secured && !this.administrator)
        throw refusal(grpc.status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
      if (this.silent) return;
      if (options.hasStream()) this.#refuseTombstoned(messages.textOf(options.getStream()!.getStreamIdentifier()));
      if (options.hasSubscription()) await this.#follow(call, options);
      else this.eventsRead += await send(call, options.hasStream() ? this.#ofStream(options) : this.#ofAll(options));
      call.end();
      const { afterNextRead } = this;
      this.afterNextRead = null;
      afterNextRead?.();
    } catch (error) {
      call.emit('error', error);
    }
  }

  *#ofStream(options: ReadReq.Options): Iterable<ReadResp> {
    const { stream, backwards, count } = { stream: options.getStream()!, ...limits(options) };
    const name = messages.textOf(stream.getStreamIdentifier());
    const entries = this.log.shown(name)?.filter((entry) => this.#isIndexed(entry)) ?? [];
    if (entries.length === 0) return yield messages.streamNotFound(name);
    const from = stream.hasRevision() ? Number(stream.getRevision()) : stream.hasEnd() ? Infinity : 0;
    const wanted = backwards
      ? entries.filter(({ revision }) => revision <= from).reverse()
      : entries.filter(({ revision }) => revision >= from);
    yield* wanted.slice(0, count).map(messages.eventOf);
  }

  *#ofAll(options: ReadReq.Options): Iterable<ReadResp> {
    const { backwards, count } = limits(options);
    const entries = this.log.entries.filter((entry) => this.#isIndexed(entry));
    const from = Math.min(this.#placeOf(options), entries.length);
    const wanted = backwards ? entries.slice(0, from).reverse() : entries.slice(from);
    yield* wanted.filter(messages.filterOf(options)).slice(0, count).map(messages.eventOf);
  }

  #isIndexed({ position }: Entry): boolean {
    return position < (this.log.entries.at(-this.lag)?.position ?? 0n) || this.lag === 0;
  }

  #refuseTombstoned(streamName: string): void {
    if (this.log.isTombstoned(streamName))
      throw refusal(grpc.status.FAILED_PRECONDITION, `Event stream '${streamName}' is deleted.`, {
        exception: 'stream-deleted',
        'stream-name': streamName,
      });
  }

  /**
   * Index of the first entry at or after a position. Positions beyond the end are accepted; a position inside a record
   * is rejected.
   */
  #placeOf(options: ReadReq.Options): number {
    const all = options.getAll()!;
    const { entries } = this.log;
    if (all.hasStart()) return 0;
    if (all.hasEnd()) return entries.length;
    const position = BigInt(all.getPosition()!.getCommitPosition());
    const place = entries.findIndex((entry) => entry.position >= position);
    if (place === -1) return entries.length;
    if (entries[place]?.position !== position)
      throw refusal(grpc.status.UNKNOWN, 'Unexpected ReadAllResult: InvalidPosition');
    return place;
  }

  /** A subscription: existing entries, the caught-up message, then live entries and checkpoints. */
  async #follow(call: Read, options: ReadReq.Options): Promise<void> {
    const cancelled = once(call, 'cancelled');
    const passes = messages.filterOf(options);
    const everySoMany = SEARCH_WINDOW * (options.getFilter()?.getCheckpointintervalmultiplier() ?? 1);
    let next = this.#placeOf(options) + (options.getAll()!.hasPosition() ? 1 : 0);
    this.subscriptions++;
    call.write(messages.confirmed(randomUUID()));
    for (let live = false, considered = 0; !call.cancelled;) {
      for (; next < this.log.entries.length; next++) {
        const entry = this.log.entries[next]!;
        if (passes(entry)) call.write(messages.eventOf(entry));
        if (++considered % everySoMany === 0) call.write(messages.checkpoint(entry));
      }
      if (!live) call.write(messages.caughtUp());
      live = true;
      await Promise.race([this.log.grown(), cancelled]);
      while (this.deaf && !call.cancelled) await Promise.race([this.log.grown(), cancelled]);
    }
  }

  /** @throws like a node that rejects the call: invalid credentials, or not the leader */
  #admit({ metadata }: { readonly metadata: grpc.Metadata }): void {
    const [authorization] = metadata.get('authorization');
    const expected = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;
    if (this.#secured && authorization !== expected)
      throw refusal(grpc.status.UNAUTHENTICATED, 'Received HTTP status code 401');
    if (this.refusing) throw refusal(this.refusing.code, this.refusing.details);
    if (this.role === 'leader' || metadata.get('requires-leader')[0] !== 'true') return;
    if (!this.leader) throw refusal(grpc.status.UNKNOWN, 'No leader info available in response');
    const [host = '', port = ''] = this.leader.address.split(':');
    throw refusal(grpc.status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': port,
    });
  }

  /** Members of the cluster known to this node. */
  #members(): gossip.ClusterInfo {
    const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
    const members = [this, ...(this.leader ? [this.leader] : [])].map((node) => {
      const [host = '', port = ''] = node.address.split(':');
      return new gossip.MemberInfo()
        .setIsAlive(true)
        .setState(node.role === 'leader' ? LEADER : FOLLOWER)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(Number(port)));
    });
    return new gossip.ClusterInfo().setMembersList(members);
  }
}

type Gossip = grpc.sendUnaryData<gossip.ClusterInfo>;

const limits = (options: ReadReq.Options) => ({
  backwards: options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS,
  count: Number(options.getCount()),
});

/** Sends with backpressure, and returns the number of events. */
async function send(call: Read, responses: Iterable<ReadResp>): Promise<number> {
  let events = 0;
  for (const response of responses) {
    if (response.hasEvent()) events++;
    if (!call.write(response)) await once(call, 'drain');
  }
  return events;
}

function refusal(code: grpc.status, details: string, facts: Record<string, string> = {}): grpc.ServiceError {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(facts)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

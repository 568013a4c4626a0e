import { Random } from './random.harness.js';
import type { Trace } from './trace.harness.js';
import type { Owner, VirtualTime } from './virtual-time.harness.js';

/** Probabilities of what goes wrong, each per message or per second of virtual time. All zero: nothing fails. */
export interface Faults {
  /** A request or an answer is lost. */
  readonly lost: number;
  /** A request or an answer takes up to seconds. */
  readonly late: number;
  /** A request arrives twice. */
  readonly repeated: number;
  /** An append of several streams is done in part and then fails. */
  readonly torn: number;
  /** A transaction takes up to seconds to commit. */
  readonly slow: number;
  /** A hint is not delivered. */
  readonly hintLost: number;
  /** Per second: a server ends all transactions in progress and is away for a moment. */
  readonly serverCrash: number;
  /** Per second: a replica is killed and started again. */
  readonly kill: number;
  /** Per second: a replica stalls for a while, and then continues where it was. */
  readonly pause: number;
  /** A replica stalls while it waits for an answer. */
  readonly pauseInside: number;
  /** A replica is killed while it waits for an answer. */
  readonly killInside: number;
  /** Per second: a replica cannot reach the servers for a while. */
  readonly partition: number;
  /** Per second: the wall clock of a replica jumps. */
  readonly clockJump: number;
}

export const NO_FAULTS: Faults = {
  lost: 0,
  late: 0,
  repeated: 0,
  torn: 0,
  slow: 0,
  hintLost: 0,
  serverCrash: 0,
  kill: 0,
  pause: 0,
  pauseInside: 0,
  killInside: 0,
  partition: 0,
  clockJump: 0,
};

export const ALL_FAULTS: Faults = {
  lost: 0.004,
  late: 0.01,
  repeated: 0.005,
  torn: 0.003,
  slow: 0.01,
  hintLost: 0.05,
  serverCrash: 0.03,
  kill: 0.03,
  pause: 0.04,
  pauseInside: 0.0003,
  killInside: 0.0001,
  partition: 0.05,
  clockJump: 0.05,
};

/** A failure of the network or of a server, as a client sees it. Whether the request was executed is unknown. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** A process that others send requests to: a database or a broker. */
export class Server {
  isAway = false;
  /** Calls in progress; they fail when the server crashes. */
  readonly calls = new Set<(reason: Error) => void>();

  constructor(readonly owner: Owner) {}
}

/** Serves a request: it answers now or later, once. */
export type Serve<Answer> = (answer: (value: Answer) => void, fail: (reason: Error) => void) => void;

/** Requests between a decision and its effect, where an interruption teaches most. */
const CRITICAL = /^(BEGIN|COMMIT|append)/;

/** After this time without an answer a client gives up. */
const TIMEOUT_MS = 10_000;

/** Carries requests to servers and their answers back, and loses, delays and repeats them. */
export class Network {
  faults: Faults = NO_FAULTS;
  readonly cutOff = new Set<Owner>();
  /** Called when a process waits for an answer and is to be interrupted. */
  interrupt: (owner: Owner, how: 'pause' | 'kill') => void = () => undefined;
  readonly random: Random;
  readonly #dice = new Map<keyof Faults, Random>();

  constructor(
    readonly time: VirtualTime,
    private readonly seed: number,
    readonly trace: Trace,
  ) {
    this.random = new Random(seed, 'network');
  }

  /** Whether a fault happens now. Each kind has dice of its own, so that leaving one out changes little else. */
  happens(fault: keyof Faults, times = 1): boolean {
    const probability = this.faults[fault] * times;
    if (probability === 0) return false;
    let dice = this.#dice.get(fault);
    if (!dice) this.#dice.set(fault, (dice = new Random(this.seed, fault)));
    return dice.chance(probability);
  }

  /** How long a message travels. */
  delay(): number {
    if (this.happens('late')) return this.random.between(5, 4_000);
    return this.random.between(0.05, 1);
  }

  /** @param isConnection what is sent on a connection never arrives twice */
  request<Answer>(server: Server, name: string, serve: Serve<Answer>, { isConnection = false } = {}): Promise<Answer> {
    const { time, random, trace } = this;
    const client = time.current;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        timeout.isCancelled = true;
        server.calls.delete(crash);
        settle();
      };
      const fail = (reason: Error): void => {
        time.schedule(this.delay(), () => end(() => reject(reason)), client);
      };
      const crash = (reason: Error): void => fail(reason);
      const timeout = time.schedule(TIMEOUT_MS, () => end(() => reject(new Unreachable(`${name}: no answer`))), client);
      server.calls.add(crash);
      const answer = (value: Answer): void => {
        if (this.cutOff.has(client) || this.happens('lost')) {
          trace.add('network', `loses the answer to ${name} for ${client.name}`);
          if (random.chance(0.7)) fail(new Unreachable(`${name}: connection lost`));
          return;
        }
        time.schedule(this.delay(), () => end(() => resolve(value)), client);
      };
      const arrive = (): void => {
        if (server.isAway) return fail(new Unreachable(`${name}: connection refused`));
        serve(answer, fail);
      };
      if (this.cutOff.has(client) || this.happens('lost')) {
        trace.add('network', `loses ${name} of ${client.name}`);
        return random.chance(0.7) ? fail(new Unreachable(`${name}: connection lost`)) : undefined;
      }
      time.schedule(this.delay(), arrive, server.owner);
      const times = CRITICAL.test(name) ? 10 : 1;
      if (this.happens('pauseInside', times)) this.interrupt(client, 'pause');
      if (this.happens('killInside', times)) this.interrupt(client, 'kill');
      if (!isConnection && this.happens('repeated')) time.schedule(this.delay(), arrive, server.owner);
    });
  }

  /** A message without an answer, which can be lost. */
  notify(to: Owner, deliver: () => void): void {
    if (this.cutOff.has(to) || this.happens('hintLost')) return;
    this.time.schedule(this.delay(), deliver, to);
  }

  /** The server forgets what it has not committed, and comes back after a while. */
  crash(server: Server, awayMs: number): void {
    this.trace.add('network', `${server.owner.name} crashes for ${Math.round(awayMs)} ms`);
    server.isAway = true;
    for (const fail of [...server.calls]) fail(new Unreachable('the server crashed'));
    server.calls.clear();
    this.time.schedule(awayMs, () => (server.isAway = false), this.time.world);
  }
}

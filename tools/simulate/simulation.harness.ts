import { projectAggregate, type ProjectEvent } from '@allotree/domain';
import type { CommandContext, Outcome, RecordedEvent } from '@allotree/event-sourcing';
import { BusTables, Listener } from './bus.harness.js';
import { checkpointStatements, type CheckpointRow } from './checkpoints.harness.js';
import { CommandChecks, type Attempt, type SentCommand } from './command-checks.harness.js';
import { DatabaseServer, Table } from './database.harness.js';
import { DueTables, JobServer, unfinishedDue } from './due.harness.js';
import { EventStoreServer } from './event-store.harness.js';
import type { Flaws } from './flaws.harness.js';
import { Outside, TallyTable, type Following } from './following.harness.js';
import { MailServer, MailTables } from './mails.harness.js';
import { Network, NO_FAULTS, type Faults } from './network.harness.js';
import { Random } from './random.harness.js';
import { isExpected, Replica, type Asked } from './replica.harness.js';
import { Trace, Violation } from './trace.harness.js';
import { Owner, VirtualTime } from './virtual-time.harness.js';
import { Workload } from './workload.harness.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly commands: number;
  readonly faults: Faults;
  readonly flaws?: Flaws;
}

export interface Report {
  /** Hash of the whole history. */
  readonly digest: string;
  readonly figures: Figures;
  readonly violation: { readonly message: string; readonly history: readonly string[] } | null;
}

export interface Figures {
  readonly commands: number;
  readonly accepted: number;
  readonly refused: number;
  /** Refusals that the independent reading confirmed; it has no opinion on the others. */
  readonly refusalsJudged: number;
  readonly unknown: number;
  readonly events: number;
  /** Messages handled from the bus, repeated ones included. */
  readonly messages: number;
  /** Different jobs about ends, reminders and returns that were handled. */
  readonly jobs: number;
  readonly mails: number;
  /** Mails that were handed over once more, because it was unknown whether they had been taken on. */
  readonly repeatedMails: number;
  /** Billing periods whose totals were compared. */
  readonly periods: number;
  /** Billing periods that were measured from what arrived on the bus. */
  readonly billed: number;
  readonly kills: number;
  readonly virtualMs: number;
}

const REPLICAS = 3;
const CLIENTS = 24;
const TRIES = 12;
/** Virtual time in which everything has to be done once nothing fails any more. */
const SETTLE_MS = 300_000;
/** How often it is seen, from then on, whether it is. */
const LOOK_MS = 2_000;
const DAY = 86_400_000;

/** One history, from an empty store to the state in which everything has caught up. */
export class Simulation {
  readonly #time: VirtualTime;
  readonly #trace: Trace;
  readonly #network: Network;
  readonly #store: EventStoreServer;
  readonly #following: Following;
  readonly #checks: CommandChecks;
  readonly #random: Random;
  readonly #nemesis: Random;
  readonly #workload: Workload;
  readonly #clients = new Owner('clients');
  readonly #replicas: (Replica | null)[] = [];
  #incarnations = 0;
  #begun = 0;
  #unknown = 0;
  #kills = 0;
  #busyClients = 0;
  #isQuiet = false;
  #isDone = false;
  #quietInstant = 0;

  constructor(private readonly options: SimulationOptions) {
    const { seed } = options;
    this.#time = new VirtualTime(new Owner('world'), new Random(seed, 'randomness of processes'));
    this.#trace = new Trace(() => this.#time.now);
    this.#network = new Network(this.#time, seed, this.#trace);
    this.#network.faults = options.faults;
    this.#store = new EventStoreServer(this.#network, options.flaws ?? {}, (events) => this.#checks.committed(events));
    this.#network.interrupt = (owner, how) => this.#interrupt(owner, how);
    this.#checks = new CommandChecks(this.#store.streams);
    const tallies = new TallyTable(this.#trace);
    const due = new DueTables(() => this.#time.now);
    const jobs = new JobServer(this.#network);
    const mails = new MailServer(this.#network, new MailTables(this.#trace, () => this.#time.now, options.flaws ?? {}));
    const bus = new BusTables(options.flaws ?? {});
    const database = new DatabaseServer(this.#network, [
      ...checkpointStatements(new Table<CheckpointRow>('checkpoint'), options.flaws ?? {}),
      ...tallies.statements,
      ...bus.statements,
      ...due.statements,
      ...mails.tables.statements,
    ]);
    const outside = new Outside(this.#network);
    const listener = new Listener(this.#trace, () => outside.work());
    this.#following = { database, tallies, outside, bus, listener, due, jobs, mails };
    this.#random = new Random(seed, 'clients');
    this.#nemesis = new Random(seed, 'nemesis');
    this.#workload = new Workload(new Random(seed, 'workload'));
  }

  async run(): Promise<Report> {
    const restore = this.#time.install();
    let failure: unknown = null;
    const onRejection = (reason: unknown): void => void (failure ??= reason);
    process.on('unhandledRejection', onRejection);
    try {
      this.#time.schedule(0, () => this.#begin(), this.#time.world);
      await this.#time.run(() => failure !== null || this.#trace.violation !== null || this.#isDone);
      failure ??= this.#trace.violation;
      if (failure === null) this.#finish();
    } catch (error) {
      failure ??= error;
    } finally {
      // Whatever a process still does must not reach the timers and clocks of the next history.
      await this.#time.settled();
      process.off('unhandledRejection', onRejection);
      restore();
    }
    return this.#report(failure);
  }

  #begin(): void {
    for (let slot = 0; slot < REPLICAS; slot++) this.#start(slot);
    for (let client = 0; client < CLIENTS; client++) this.#next(client);
    this.#time.schedule(100, () => this.#disturb(), this.#time.world);
  }

  /** By virtual time, as this is the same whatever else the process does meanwhile. */
  #look(): void {
    this.#isDone = this.#busyClients === 0 && this.#unfinished() === null;
    if (!this.#isDone) this.#time.schedule(LOOK_MS, () => this.#look(), this.#time.world);
  }

  /** What has not caught up yet. */
  #unfinished(): string | null {
    const { tallies, outside, listener } = this.#following;
    const { streams } = this.#store;
    return (
      tallies.differenceFrom(streams) ??
      outside.differenceFrom(streams) ??
      listener.differenceFrom(streams) ??
      this.#undone()
    );
  }

  #undone(): string | null {
    const { jobs, due, mails } = this.#following;
    const waiting = [...due.jobs.rows()].find(([, { lookAt }]) => lookAt === null);
    if (waiting) return `job ${waiting[0]} waits to be handed over`;
    return (
      unfinishedDue(this.#store.streams, decodedEvents, jobs, this.#quietInstant) ??
      mails.differenceFrom(jobs.handled.keys())
    );
  }

  #start(slot: number): void {
    const name = `replica ${slot}.${this.#incarnations++}`;
    const replica = new Replica(name, this.#store, this.#following);
    this.#replicas[slot] = replica;
    this.#trace.add(name, 'starts');
    this.#time.schedule(
      0,
      () => void replica.start().catch((error: Error) => this.#startFailed(slot, replica, error)),
      replica.owner,
    );
  }

  /** A process that cannot start ends, and is started again. */
  #startFailed(slot: number, replica: Replica, error: Error): void {
    if (!isExpected(error)) this.#trace.violate(new Violation(`${replica.name} cannot start: ${error.stack}`));
    this.#trace.add(replica.name, `cannot start: ${error.message}`);
    this.#time.schedule(0, () => this.#replicas[slot] === replica && this.#kill(slot, 1_000), this.#time.world);
  }

  // Clients

  #next(client: number): void {
    if (this.#begun === this.options.commands) return this.#quieten();
    const commandId = `c${this.#begun++}`;
    const asked = this.#workload.next();
    const sent: SentCommand = { commandId, asked, streamName: `${asked.kind}-${asked.id}`, attempts: [] };
    this.#checks.sent.set(commandId, sent);
    this.#busyClients++;
    const isRepeatable = this.#random.chance(0.8);
    this.#attempt(client, sent, isRepeatable);
  }

  #attempt(client: number, sent: SentCommand, isRepeatable: boolean): void {
    const attempt: Attempt = { sentAtRevision: this.#store.revisionOf(sent.streamName), now: null };
    sent.attempts.push(attempt);
    let isOver = false;
    const end = (then: () => void): void => {
      if (isOver) return;
      isOver = true;
      timeout.isCancelled = true;
      then();
    };
    const again = (why: string): void => {
      this.#trace.add(`client ${client}`, `${sent.commandId} failed: ${why}`);
      if (!isRepeatable || sent.attempts.length >= TRIES) return this.#done(client, 'unknown');
      this.#later(this.#random.between(1, 200), () => this.#attempt(client, sent, true));
    };
    const timeout = this.#later(this.#random.between(500, 6_000), () => end(() => again('timeout')));
    const slot = this.#random.int(0, REPLICAS - 1);
    this.#trace.add(`client ${client}`, `sends ${sent.commandId} ${sent.streamName} to ${slot}`);
    this.#time.schedule(
      this.#network.delay(),
      () => {
        const replica = this.#replicas[slot];
        if (!replica) return;
        this.#time.schedule(
          0,
          () =>
            this.#deliver(replica, sent, attempt, isRepeatable, {
              answer: (outcome) => end(() => this.#answered(client, sent, attempt, outcome)),
              fail: (error) => end(() => again(error.name)),
            }),
          replica.owner,
        );
      },
      this.#time.world,
    );
  }

  #deliver(
    replica: Replica,
    sent: SentCommand,
    attempt: Attempt,
    isRepeatable: boolean,
    reply: { answer(outcome: Outcome<unknown, unknown>): void; fail(error: Error): void },
  ): void {
    const { commandId } = sent;
    const context: CommandContext = {
      commandId,
      correlationId: commandId,
      causationId: null,
      actor: 'user:simulated',
      tenantId: 'nordlicht',
      ...(isRepeatable && { repeatable: true }),
    };
    const { answer, now } = replica.execute(sent.asked, context);
    attempt.now = now;
    this.#trace.add(replica.name, `decides ${commandId} at ${now}`);
    const send = (deliver: () => void): void => {
      this.#time.schedule(this.#network.delay(), deliver, this.#clients);
    };
    answer.then(
      (outcome) => send(() => reply.answer(outcome)),
      (error: unknown) => {
        if (!isExpected(error as Error)) throw error;
        send(() => reply.fail(error as Error));
      },
    );
  }

  #answered(client: number, sent: SentCommand, attempt: Attempt, outcome: Outcome<unknown, unknown>): void {
    const { commandId, asked } = sent;
    this.#trace.add(`client ${client}`, `${commandId} ${describe(asked, attempt.now)} is ${shown(outcome)}`);
    this.#checks.answered(sent, attempt, outcome);
    this.#done(client, 'known');
  }

  #done(client: number, outcome: 'known' | 'unknown'): void {
    if (outcome === 'unknown') this.#unknown++;
    this.#busyClients--;
    this.#later(this.#random.chance(0.2) ? this.#random.between(0, 200) : 0, () => this.#next(client));
  }

  #later(delayMs: number, run: () => void): ReturnType<VirtualTime['schedule']> {
    return this.#time.schedule(delayMs, run, this.#clients);
  }

  // Faults

  /** Ten times a second: something may go wrong. */
  #disturb(): void {
    if (this.#isQuiet) return;
    this.#time.schedule(100, () => this.#disturb(), this.#time.world);
    const [dice, network, time] = [this.#nemesis, this.#network, this.#time];
    // The seasons change: a term of days ends within seconds.
    if (dice.chance(0.1)) time.leaptMs += dice.pick([3_600_000, DAY / 2, DAY]);
    if (network.happens('serverCrash', 0.1)) {
      const { database, jobs, mails } = this.#following;
      const server = dice.pick([this.#store, database, jobs, mails]);
      if (server instanceof JobServer) server.jobs.clear();
      else if (!(server instanceof MailServer)) server.endAll();
      network.crash(server, dice.between(10, 3_000));
    }
    if (network.happens('kill', 0.1)) this.#kill(dice.int(0, REPLICAS - 1), dice.between(10, 5_000));
    const replica = this.#replicas[dice.int(0, REPLICAS - 1)];
    if (!replica) return;
    const { owner } = replica;
    if (network.happens('pause', 0.1)) this.#pause(owner, dice.between(10, 15_000));
    if (network.happens('partition', 0.1)) this.#cutOff(owner, dice.between(10, 10_000));
    if (network.happens('clockJump', 0.1)) {
      owner.clockAheadMs = dice.pick([0, -3_000, 2_000, -3_600_000, 3_600_000, 20 * 3_600_000]);
      this.#trace.add('nemesis', `clock of ${owner.name} is ${owner.clockAheadMs} ms ahead`);
    }
  }

  #interrupt(owner: Owner, how: 'pause' | 'kill'): void {
    const slot = this.#replicas.findIndex((replica) => replica?.owner === owner);
    if (slot === -1 || this.#isQuiet) return;
    const forMs = this.#nemesis.between(10, 20_000);
    // After the task in which the process sends its request.
    this.#time.schedule(
      0,
      () => (how === 'pause' ? this.#pause(owner, forMs) : this.#kill(slot, forMs / 4)),
      this.#time.world,
    );
  }

  #kill(slot: number, forMs: number): void {
    const replica = this.#replicas[slot];
    if (!replica) return;
    this.#kills++;
    this.#trace.add('nemesis', `kills ${replica.name}`);
    replica.kill();
    this.#replicas[slot] = null;
    this.#time.schedule(forMs, () => this.#replicas[slot] ?? this.#start(slot), this.#time.world);
  }

  #pause(owner: Owner, forMs: number): void {
    if (owner.isPaused) return;
    this.#trace.add('nemesis', `pauses ${owner.name}`);
    this.#time.pause(owner);
    this.#time.schedule(forMs, () => this.#resume(owner), this.#time.world);
  }

  #resume(owner: Owner): void {
    if (!owner.isPaused) return;
    this.#trace.add('nemesis', `resumes ${owner.name}`);
    this.#time.resume(owner);
  }

  #cutOff(owner: Owner, forMs: number): void {
    this.#trace.add('nemesis', `cuts off ${owner.name}`);
    this.#network.cutOff.add(owner);
    this.#time.schedule(forMs, () => this.#network.cutOff.delete(owner), this.#time.world);
  }

  /** No more faults: from here on everything has to come to an end. */
  #quieten(): void {
    if (this.#isQuiet) return;
    this.#isQuiet = true;
    this.#quietInstant = this.#time.instant;
    this.#trace.add('nemesis', 'rests');
    this.#network.faults = NO_FAULTS;
    this.#network.cutOff.clear();
    for (let slot = 0; slot < REPLICAS; slot++) {
      const replica = this.#replicas[slot];
      if (!replica) this.#start(slot);
      else {
        replica.owner.clockAheadMs = 0;
        this.#resume(replica.owner);
      }
    }
    this.#look();
    this.#time.schedule(
      SETTLE_MS,
      () => {
        const waiting = this.#unfinished() ?? `${this.#busyClients} commands are unanswered`;
        throw new Violation(`${SETTLE_MS} ms after the last fault: ${waiting}`);
      },
      this.#time.world,
    );
  }

  #finish(): void {
    this.#checks.finish();
  }

  #report(failure: unknown): Report {
    const { accepted, refused, refusalsJudged } = this.#checks;
    return {
      digest: this.#trace.digest,
      figures: {
        commands: this.#begun,
        accepted,
        refused,
        refusalsJudged,
        unknown: this.#unknown,
        events: this.#store.log.length,
        messages: this.#following.listener.handled,
        jobs: this.#following.jobs.handled.size,
        mails: this.#following.mails.sent,
        repeatedMails: this.#following.mails.repeated,
        periods: this.#checks.periods,
        billed: this.#following.listener.billing.periods,
        kills: this.#kills,
        virtualMs: Math.round(this.#time.now),
      },
      violation: failure === null ? null : this.#violation(failure),
    };
  }

  #violation(failure: unknown): NonNullable<Report['violation']> {
    if (failure instanceof Violation) {
      const words = failure.words.length === 0 ? [] : [...failure.words, 'nemesis', 'crashes', 'starts'];
      return { message: failure.message, history: this.#trace.last(60, words) };
    }
    const error = failure as Error;
    return { message: `a process failed: ${error.stack ?? String(failure)}`, history: this.#trace.last(60) };
  }
}

const decodedEvents = (events: readonly RecordedEvent[]): ProjectEvent[] =>
  events.map(({ type, data }) => projectAggregate.decode(type, data));

const describe = (asked: Asked, now: number | null): string =>
  asked.kind === 'tally' ? `Change by ${asked.command.by}` : asked.commandAt(now ?? 0).type;

function shown(outcome: Outcome<unknown, unknown>): string {
  if (outcome.kind === 'refused') return `refused at ${outcome.revision}: ${JSON.stringify(outcome.refusal)}`;
  if (outcome.kind === 'stale') return `stale at ${outcome.revision}`;
  return `accepted at ${outcome.revision} with ${outcome.events.length} events`;
}

export const simulate = (options: SimulationOptions): Promise<Report> => new Simulation(options).run();

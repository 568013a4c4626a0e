import { setTimeout as delay } from 'node:timers/promises';
import { Api, type LocalSignIn } from '@allotree/api-client';
import pg from 'pg';
import type { startCluster } from '../../deploy/native/cluster.mjs';
import { Random } from '../simulate/random.harness.js';

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** The time that the services have. */
export interface Clock {
  now(): number;
}

export interface Fault {
  /** Seconds since the beginning of the load. */
  readonly at: number;
  readonly kind: 'kill' | 'pause' | 'slow commits' | 'clock';
  readonly target: string;
  /** How long it lasts; of `clock`: by how much it is moved. */
  readonly seconds: number;
}

const SERVICES = [
  'license-service-1',
  'license-service-2',
  'group-service-1',
  'group-service-2',
  'notification-service-1',
  'reporting-service-1',
];
const TARGETS = [...SERVICES, 'nginx', 'kafka', 'redis', 'postgres'];
const PAUSE = { least: 20, most: 50 };
const RESTART_SECONDS = 90;
const SLOW_COMMIT_MICROSECONDS = 100_000;

/** The faults of a seed: kills of every process in turn, in an order of its own each time round, with other faults between them. */
export function scheduleOf(seed: number, seconds: number): Fault[] {
  const random = new Random(seed, 'faults');
  const faults: Fault[] = [];
  let targets: string[] = [];
  const next = (): string => {
    if (targets.length === 0) targets = shuffled(TARGETS, random);
    return targets.pop()!;
  };
  for (let at = random.int(PAUSE.least, PAUSE.most); at < seconds; at += random.int(PAUSE.least, PAUSE.most)) {
    const kind = random.weighted<Fault['kind']>([
      [6, 'kill'],
      [2, 'pause'],
      [1, 'slow commits'],
      [1, 'clock'],
    ]);
    if (kind === 'kill') faults.push({ at, kind, target: next(), seconds: 0 });
    else if (kind === 'pause') faults.push({ at, kind, target: random.pick(TARGETS), seconds: random.int(2, 12) });
    else if (kind === 'clock') faults.push({ at, kind, target: 'all', seconds: random.int(600, 7_200) });
    else faults.push({ at, kind, target: 'postgres', seconds: random.int(10, 30) });
  }
  return faults;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** Does to a cluster what a schedule says, and keeps the moved clocks of restarted processes in step with the others. */
export class Faults implements Clock {
  private offset = 0;
  private readonly restarts = new Map<string, number>();

  constructor(
    private readonly cluster: Cluster,
    private readonly signIn: () => Promise<LocalSignIn>,
    private readonly say: (line: string) => void,
  ) {}

  now(): number {
    return Date.now() + this.offset;
  }

  /** Call it with every message of the supervisor. */
  noticed(line: string): void {
    const name = /^(\S+) is running again/.exec(line)?.[1];
    if (name === undefined) return;
    this.restarts.set(name, (this.restarts.get(name) ?? 0) + 1);
    if (SERVICES.includes(name) && this.offset > 0) void this.moveClockOf(name);
  }

  async run(schedule: readonly Fault[]): Promise<void> {
    const began = performance.now();
    for (const fault of schedule) {
      const wait = began + fault.at * 1_000 - performance.now();
      if (wait > 0) await delay(wait);
      this.say(`fault at ${fault.at} s: ${fault.kind} ${fault.target}${fault.seconds ? `, ${fault.seconds} s` : ''}`);
      await this.do(fault);
    }
  }

  private async do({ kind, target, seconds }: Fault): Promise<void> {
    if (kind === 'kill') await this.kill(target);
    else if (kind === 'pause') await this.pause(target, seconds);
    else if (kind === 'clock') await this.moveClocks(seconds);
    else await this.slowCommits(seconds);
  }

  private async kill(name: string): Promise<void> {
    const before = this.restarts.get(name) ?? 0;
    await this.cluster.kill(name);
    const deadline = performance.now() + RESTART_SECONDS * 1_000;
    while ((this.restarts.get(name) ?? 0) === before) {
      if (performance.now() > deadline) throw new Error(`${name} was not restarted within ${RESTART_SECONDS} s`);
      await delay(100);
    }
  }

  private async pause(name: string, seconds: number): Promise<void> {
    const server = this.cluster.server(name);
    server.pause();
    await delay(seconds * 1_000);
    server.resume();
  }

  private async moveClocks(seconds: number): Promise<void> {
    this.offset += seconds * 1_000;
    await Promise.all(SERVICES.map((name) => this.moveClockOf(name)));
  }

  /** A process that is just restarting gets the time once it runs. */
  private async moveClockOf(name: string): Promise<void> {
    const url = this.cluster.server(name).address as string;
    const { accessToken } = await this.signIn();
    const now = new Date(this.now()).toISOString();
    await new Api(url, accessToken).put('/test-clock', { now }).catch(() => undefined);
  }

  private async slowCommits(seconds: number): Promise<void> {
    await this.configurePostgres(`commit_delay = ${SLOW_COMMIT_MICROSECONDS}`, 'commit_siblings = 0');
    await delay(seconds * 1_000);
    await this.configurePostgres('commit_delay = 0', 'commit_siblings = 5');
  }

  private async configurePostgres(...settings: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: this.cluster.environment['DATABASE_URL'] });
    await client.connect();
    try {
      for (const setting of settings) await client.query(`ALTER SYSTEM SET ${setting}`);
      await client.query('SELECT pg_reload_conf()');
    } finally {
      await client.end();
    }
  }
}

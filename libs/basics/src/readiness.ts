import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { withTimeout } from './with-timeout.js';
import { PG_POOL } from './tokens.js';

type Check = () => Promise<unknown>;

const CHECK_TIMEOUT_MS = 2_000;

/** Why a dependency does not work, in a sentence that can be shown to anyone. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'up' | 'down'>>;
  /** The reasons of the failing checks that give one. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** The readiness checks of this process. Services add their own. */
@Injectable()
export class Readiness {
  private readonly checks = new Map<string, Check>();
  private readonly optional = new Set<string>();
  private stopping = false;

  constructor(@Inject(PG_POOL) pool: pg.Pool) {
    this.register('database', () => pool.query('SELECT 1'));
  }

  /**
   * When two services in one process register the same name, both checks must pass.
   *
   * @param check rejects when the dependency does not work; longer than 2 s counts as a failure
   */
  register(name: string, check: Check): void {
    const other = this.checks.get(name);
    this.checks.set(name, other ? () => Promise.all([other(), check()]) : check);
  }

  /** Shown beside the other checks without affecting readiness: requests are accepted without this dependency. */
  show(name: string, check: Check): void {
    this.register(name, check);
    this.optional.add(name);
  }

  /** Reports not ready from now on, so that the load balancer sends no new requests. */
  drain(): void {
    this.stopping = true;
  }

  get isDraining(): boolean {
    return this.stopping;
  }

  beforeApplicationShutdown(): void {
    this.drain();
  }

  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => ({ name, ...(await outcomeOf(check)) })),
    );
    return {
      ready: !this.stopping && results.every(({ name, up }) => up || this.optional.has(name)),
      checks: Object.fromEntries(results.map(({ name, up }) => [name, up ? 'up' : 'down'])),
      reasons: Object.fromEntries(results.flatMap(({ name, reason }) => (reason === null ? [] : [[name, reason]]))),
    };
  }
}

const outcomeOf = (check: Check): Promise<{ up: boolean; reason: string | null }> =>
  withTimeout(CHECK_TIMEOUT_MS, check).then(
    () => ({ up: true, reason: null }),
    (error: unknown) => ({ up: false, reason: error instanceof CheckFailed ? error.message : null }),
  );

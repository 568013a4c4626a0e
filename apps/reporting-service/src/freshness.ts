import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { CONFIGURATION } from '@allotree/basics';
import type { AtLeast } from '@allotree/contracts';
import { Problem } from '@allotree/http';
import type { DataSource } from 'typeorm';
import type { ReportingConfiguration } from './configuration.js';
import { REPORTING } from './tokens.js';

/** How often the progress of the tables is read while a request waits, in milliseconds: soon at first, and then less and less often. */
const POLL_MS = { first: 5, longest: 100 };

/** Events cut from one list share a sequence, and can come in two batches. */
const REACHED = `
  SELECT progress.sequence FROM ${REPORTING}.subject_progress progress
  WHERE subject = $1 AND source = $2 AND NOT (progress.sequence = $3 AND EXISTS (
    SELECT FROM ${REPORTING}.event WHERE event.subject = $1 AND event.source = $2
      AND event.position > (SELECT position FROM ${REPORTING}.tables_position) AND event.sequence::bigint <= $3))`;

/** Lets a caller read about the past what it has just recorded. */
@Injectable()
export class Freshness {
  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: ReportingConfiguration,
  ) {}

  /**
   * Waits until the tables have what a command on a project recorded, within bounds.
   * @param atLeast of the request; absent: nothing to wait for
   * @throws Problem `UNAVAILABLE` where the time runs out
   */
  async of(projectId: string, atLeast: AtLeast | undefined): Promise<void> {
    if (atLeast === undefined) return;
    const deadline = performance.now() + this.configuration.REPORTING_WAIT_MS;
    for (let pause = POLL_MS.first; ; pause = Math.min(2 * pause, POLL_MS.longest)) {
      const reached = await this.reached(projectId, atLeast);
      if (reached !== null && reached >= atLeast.revision) return;
      const left = deadline - performance.now();
      if (left <= 0) throw notYet(atLeast, reached);
      await sleep(Math.min(pause, left));
    }
  }

  /** The revision of the project up to which the tables have everything; `null`: not even the first, or only a part of the one asked for. */
  private async reached(projectId: string, { source, revision }: AtLeast): Promise<number | null> {
    const [row]: { sequence: string }[] = await this.dataSource.query(REACHED, [projectId, `/${source}`, revision]);
    return row === undefined ? null : Number(row.sequence);
  }
}

const notYet = ({ source, revision }: AtLeast, reached: number | null): Problem =>
  new Problem('UNAVAILABLE', `Revision ${revision} of the project in the ${source} is not here yet. Ask again`, {
    source,
    expectedRevision: revision,
    revision: reached,
    retryAfterSeconds: 1,
  });

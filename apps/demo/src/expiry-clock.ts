import { addDays, lastDayOf, timeOfDay } from '@allotree/domain';
import { DateTime } from 'luxon';
import type { Api } from '@allotree/api-client';

/** The system keeps real time. */
export class NoTestClock extends Error {
  override readonly name = 'NoTestClock';

  constructor(url: string, story: string) {
    super(
      [
        `the Allotree at ${url} keeps real time, and this story takes months. Start one whose clock can be moved, on a data folder`,
        'of its own, and tell it there:',
        '',
        `  TEST_CLOCK=1 DATA_DIR=.data-${story} PORT=8081 npm start`,
        `  npm run demo -- --${story} --data-dir .data-${story}        (in another terminal)`,
      ].join('\n'),
    );
  }
}

/** The clock of a system that was started with `TEST_CLOCK=1`, or the clocks of its processes. */
export class StoryClock {
  private constructor(
    private readonly first: Api,
    private readonly others: readonly Api[],
    private instant: number,
  ) {}

  /**
   * @param clocks of a cluster
   * @throws NoTestClock
   */
  static async of(api: Api, clocks: readonly Api[], story: string): Promise<StoryClock> {
    const [first = api, ...others] = clocks;
    const answer = await first.ask<{ now: string }>({ method: 'GET', path: '/test-clock' });
    if (!answer.ok) throw new NoTestClock(api.url, story);
    return new StoryClock(first, others, Date.parse(answer.body.now));
  }

  /** The time of the story after the last move, in milliseconds since 1970. */
  get now(): number {
    return this.instant;
  }

  /** Moves forward; what is due by then has happened, and its mails are out, when it returns. */
  async moveTo(instant: number): Promise<void> {
    const body = { now: new Date(instant).toISOString() };
    const move = (api: Api): Promise<{ now: string }> => api.put<{ now: string }>('/test-clock', body);
    const [{ now }] = await Promise.all([move(this.first), ...this.others.map(move)]);
    this.instant = Date.parse(now);
  }

  /** Lets what follows from the last requests happen. */
  async tick(): Promise<void> {
    const { now } = await this.first.get<{ now: string }>('/test-clock');
    await this.moveTo(Date.parse(now) + 1_000);
  }
}

/** 08:00 in the zone, a number of days before the last day of a term: when a reminder is due. */
export const morningBefore = (end: number, days: number, zone: string): number =>
  timeOfDay(addDays(lastDayOf(end, zone), -days), '08:00', zone) ?? end;

export const momentText = (instant: number, zone: string): string =>
  DateTime.fromMillis(instant, { zone }).toFormat('ccc yyyy-MM-dd HH:mm:ss');

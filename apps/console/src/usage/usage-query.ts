import { queryOptions } from '@tanstack/react-query';
import { api, must, Refused, type AnswerOf } from '../api/client.js';
import { dateOf } from '../parts/dates.js';
import type { Resource } from '../parts/limit-text.js';

export type Usage = AnswerOf<'/api/v1/projects/{p}/groups/{g}/usage'>;
export type Measures = Usage['total'];

export const WINDOWS = ['PT1H', 'P1D', 'P1W', 'P1M'] as const;
export type Window = (typeof WINDOWS)[number];

/** The query of the page; days are those of the project. */
export interface Asked {
  readonly projectId: string;
  readonly groupId: string;
  readonly timeZone: string;
  readonly resource: Resource;
  readonly window: Window;
  /** The first and the last day; by default the last 30 days. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** The instant before which a period cannot begin, from the refusal that names it. */
function beginningIn(error: unknown): string {
  const errors = error instanceof Refused ? (error.problem.errors ?? []) : [];
  const [instant] = errors.flatMap(
    ({ field, message }) => (field === 'from' ? /\d{4}-[\d-]+T[\d:.]+Z/.exec(message) : []) ?? [],
  );
  if (instant === undefined) throw error;
  return instant;
}

/** Days that are shown where none are chosen, today included. */
const DAYS = 30;

/**
 * The use of a group, window by window, and of each group below. A period that is not over ends now, by the clock of the
 * server: it refuses instants that have not come.
 */
export const usageQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ['usage', asked],
    queryFn: async () => {
      const { projectId, groupId, timeZone, resource, window } = asked;
      const path = { p: projectId, g: groupId };
      const [{ at: now }, zoned] = await Promise.all([
        must(api.GET('/api/v1/projects/{p}/groups/{g}/quota/as-of', { params: { path } })),
        import('../parts/zoned.js'),
      ]);
      const today = dateOf(now, timeZone);
      const lastDay = asked.to ?? today;
      const firstDay = asked.from ?? zoned.addDays(lastDay, 1 - DAYS);
      const end = zoned.endOfDay(lastDay, timeZone);
      const period = {
        resource,
        from: zoned.startOfDay(firstDay, timeZone),
        to: Date.parse(end) > Date.parse(now) ? now : end,
      };
      const get = (query: { window: Window | 'none'; groupBy: 'none' | 'child' }, from = period.from): Promise<Usage> =>
        must(
          api.GET('/api/v1/projects/{p}/groups/{g}/usage', { params: { path, query: { ...period, ...query, from } } }),
        );
      const totals = { window: 'none', groupBy: 'child' } as const;
      // Nothing is known before the project began: the answer says when that was.
      const below = await get(totals).catch((error: unknown) => get(totals, beginningIn(error)));
      const { from } = below.total;
      const whole = await get({ window, groupBy: 'none' }, from);
      return { firstDay: dateOf(from, timeZone), lastDay, usage: whole, children: below.children ?? [] };
    },
  });

import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Api } from '@allotree/api-client';
import type { Output } from './output.js';
import { queryOf } from './references.js';

/** Options of every list. */
export interface ListOptions {
  readonly filter?: string;
  readonly order?: string;
  readonly limit: number;
  readonly all?: boolean;
}

const MAX_PAGE = 200;
const MAX_ROWS = 1_000_000;

/** Reads an option that is a whole number within bounds. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`must be a whole number ${bounds}.`);
    return number;
  };
}

export const withListOptions = (command: Command): Command =>
  command
    .option('--filter <condition>', 'only what meets a condition, such as \'status = "open"\'')
    .option('--order <field>', 'by a field, or "<field> desc"')
    .option('--limit <number>', 'the most rows', wholeNumber(1, MAX_ROWS), MAX_PAGE)
    .option('--all', 'all rows');

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Listed<Item> {
  readonly items: readonly Item[];
  /** There are more than were asked for. */
  readonly hasMore: boolean;
}

/** The rows of a list up to the limit, page by page. */
export async function readList<Item>(
  api: Api,
  path: string,
  { filter, order, limit, all }: ListOptions,
): Promise<Listed<Item>> {
  const most = all === true ? Number.POSITIVE_INFINITY : limit;
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const size = Math.min(MAX_PAGE, most - items.length);
    const query = queryOf({ filter, orderBy: order, limit: size, cursor: cursor ?? undefined });
    const page: Page<Item> = await api.get(`${path}${path.includes('?') ? query.replace('?', '&') : query}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < most);
  return { items, hasMore: cursor !== null };
}

/** Says that rows are missing. */
export function noteMore(out: Output, { items, hasMore }: Listed<unknown>): void {
  if (hasMore) out.note(`The first ${items.length} are shown; --all shows every one.`);
}

import { readFile, writeFile } from 'node:fs/promises';
import type { EventsPage, PulledEvent } from '@allotree/contracts';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';
import { wholeNumber } from '../paging.js';
import { queryOf } from '../references.js';

interface TailOptions {
  readonly after?: string;
  readonly cursorFile?: string;
  readonly types?: string;
  readonly subject?: string;
  readonly limit?: number;
  readonly follow: boolean;
}

const WAIT_SECONDS = 25;
const MAX_PAGE = 1_000;

const lineOf = ({ time, type, subject, id }: PulledEvent): string => `${time}  ${type}  ${subject}  ${id}`;

async function startOf({ after, cursorFile }: TailOptions): Promise<string | undefined> {
  if (after !== undefined || cursorFile === undefined) return after;
  const kept = await readFile(cursorFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new CliError(`${cursorFile} cannot be read (${error.code ?? error.message}).`);
  });
  return kept.trim() || undefined;
}

async function tail({ api, out }: Cli, options: TailOptions): Promise<void> {
  let after = await startOf(options);
  const { types, subject, cursorFile, follow } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const limit = Math.min(left, MAX_PAGE);
    const query = queryOf({ after, types, subject, limit, wait: follow ? WAIT_SECONDS : undefined });
    const page: EventsPage = await (await api()).get(`/events${query}`);
    for (const event of page.items) out.event(event, lineOf(event));
    after = page.next;
    left -= page.items.length;
    // After the events are written: reading them again shows some twice rather than none.
    if (cursorFile !== undefined) await writeFile(cursorFile, `${after}\n`);
    if (left <= 0 || (!follow && !page.hasMore)) break;
  }
  if (cursorFile === undefined) out.note(`Go on with --after ${after}`);
}

export const addEvents: AddCommand = (program, act) => {
  const events = program.command('events').description('read integration events');
  withExamples(events.command('tail'), {
    'allotree events tail --no-follow --limit 3': 'The first three events',
    'allotree events tail --no-follow --types allotree.license-granted.v1 --output json':
      'All licenses granted, a line each',
    'allotree events tail --cursor-file billing.cursor': 'Follow from where the last run ended',
  })
    .description('write every integration event since the first one, in order, and follow')
    .option('--after <cursor>', 'after this cursor')
    .option('--cursor-file <file>', 'keep the cursor in this file, and go on from it')
    .option('--types <types>', 'only these types, separated by commas')
    .option('--subject <id>', 'only about this subject')
    .option('--limit <number>', 'end after this number of events', wholeNumber(1, 1_000_000_000))
    .option('--no-follow', 'end with the newest event')
    .action(act(tail));
};

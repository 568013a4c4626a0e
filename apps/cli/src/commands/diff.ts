import type { QuotaDiffAnswer } from '@allotree/contracts';
import { withExamples, type AddCommand } from '../command.js';
import { groupPath, withGroup } from '../limits.js';
import { cell } from '../output.js';
import { instantOption, queryOf } from '../references.js';

interface Span {
  readonly from: string;
  readonly to?: string;
}

const countText = (total: number, shown: number): string =>
  total === 0 ? 'No events in between.' : `Events in between (${shown} of ${total}):`;

export const addDiff: AddCommand = (program, act) =>
  withExamples(withGroup(program.command('diff')), {
    'allotree diff Hafenblick "Building A" --from 2026-06-01 --to 2026-07-01': 'What changed within a month',
  })
    .description('show what differs between the quotas of a group at two instants, and the events in between')
    .requiredOption('--from <instant>', 'earlier instant')
    .option('--to <instant>', 'later instant (default: now)')
    .action(
      act(async (cli, project: string, group: string | undefined, options: Span) => {
        const from = instantOption(options.from);
        const to = options.to === undefined ? new Date(cli.host.now()).toISOString() : instantOption(options.to);
        const path = await groupPath(cli, project, group);
        const diff = await (await cli.api()).get<QuotaDiffAnswer>(`${path}/quota/diff${queryOf({ from, to })}`);
        const { out } = cli;
        const { changes, events } = diff;
        if (out.format === 'csv')
          return out.rows(changes, [
            { header: 'path', value: ({ path: name }) => name },
            { header: 'before', value: ({ before }) => before },
            { header: 'after', value: ({ after }) => after },
          ]);
        return out.text(diff, [
          ...(changes.length === 0 ? ['Nothing differs.'] : []),
          ...changes.flatMap(({ path: name, before, after }) => [
            name,
            out.paint('red', `  - ${cell(before)}`),
            out.paint('green', `  + ${cell(after)}`),
          ]),
          countText(events.total, events.items.length),
          ...events.items.map(({ at, type, actor }) => `  ${at}  ${type}  ${actor ?? ''}`.trimEnd()),
        ]);
      }),
    );

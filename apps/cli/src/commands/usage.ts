import { Option } from 'commander';
import type { UsageAnswer, UsageMeasures } from '@allotree/contracts';
import { withExamples, type AddCommand } from '../command.js';
import { groupPath, resourceOption, withGroup } from '../limits.js';
import type { Column } from '../output.js';
import { instantOption, queryOf } from '../references.js';

type Row = UsageMeasures & { readonly of: string };

interface UsageOptions {
  readonly resource: string;
  readonly from: string;
  readonly to?: string;
  readonly window: string;
  readonly by: string;
  readonly timeZone?: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'of', value: ({ of }) => of },
  { header: 'from', value: ({ from }) => from },
  { header: 'until', value: ({ until }) => until },
  { header: 'peak', value: ({ peak }) => peak },
  { header: 'average', value: ({ average }) => average },
  { header: 'low', value: ({ low }) => low },
  { header: 'at end', value: ({ close }) => close },
];

const measuresOf = (of: string, { total, windows }: Pick<UsageAnswer, 'total' | 'windows'>): Row[] =>
  (windows.length === 0 ? [total] : windows).map((row) => ({ of, ...row }));

const rowsOf = (usage: UsageAnswer): Row[] => [
  ...measuresOf('all', usage),
  ...[...(usage.children ?? [])]
    .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))
    .flatMap((child) => measuresOf(child.name, child)),
  ...(usage.types ?? []).flatMap((type) => measuresOf(type.type, type)),
];

export const addUsage: AddCommand = (program, act) =>
  withExamples(withGroup(program.command('usage')), {
    'allotree usage Hafenblick --from 2026-06-01 --to 2026-07-01 --window P1D': 'Peaks of each day of a month',
    'allotree usage Hafenblick --from 2026-06-01 --to 2026-07-01 --by child --output csv':
      'Each building in June, as CSV',
  })
    .description('measure how many units a group and everything below it used')
    .requiredOption('--from <instant>', 'beginning of the period')
    .option('--to <instant>', 'end of the period (default: now)')
    .option('--resource <resource>', 'sip_number, mobile_app or ukey2', resourceOption, 'sip_number')
    .addOption(
      new Option('--window <window>', 'a row for each').choices(['none', 'PT1H', 'P1D', 'P1W', 'P1M']).default('none'),
    )
    .addOption(
      new Option('--by <what>', 'rows for each group directly below, or each type')
        .choices(['none', 'child', 'type'])
        .default('none'),
    )
    .option('--time-zone <zone>', 'time zone of the windows (default: that of the project)')
    .action(
      act(async (cli, project: string, group: string | undefined, options: UsageOptions) => {
        const from = instantOption(options.from);
        const to = options.to === undefined ? new Date(cli.host.now()).toISOString() : instantOption(options.to);
        const path = await groupPath(cli, project, group);
        const { resource, window, by, timeZone } = options;
        const query = queryOf({ resource, from, to, window, groupBy: by, timeZone });
        const usage = await (await cli.api()).get<UsageAnswer>(`${path}/usage${query}`);
        const { out } = cli;
        if (out.format === 'json' || out.format === 'yaml') return out.record(usage, []);
        return out.rows(rowsOf(usage), COLUMNS);
      }),
    );

import type { QuotaAnswer } from '@allotree/contracts';
import type { z } from 'zod';
import { withExamples, type AddCommand } from '../command.js';
import { groupPath, limitText, withGroup } from '../limits.js';
import type { Column } from '../output.js';
import { instantOption, queryOf } from '../references.js';

type Quota = z.infer<typeof QuotaAnswer>;
type Row = Quota['resources']['sip_number'] & { readonly resource: string };

const COLUMNS: readonly Column<Row>[] = [
  { header: 'resource', value: ({ resource }) => resource },
  { header: 'limit', value: ({ limit }) => limit },
  { header: 'effective', value: ({ effectiveLimit }) => limitText(effectiveLimit) },
  { header: 'limited by', value: ({ limitedBy }) => (limitedBy?.groupId === null ? 'the project' : limitedBy?.name) },
  { header: 'allotted', value: ({ allotted }) => allotted },
  { header: 'consumed', value: ({ consumed }) => consumed },
  { header: 'suspended', value: ({ suspended }) => suspended },
  { header: 'available', value: ({ available }) => limitText(available) },
];

export const addQuota: AddCommand = (program, act) =>
  withExamples(withGroup(program.command('quota')), {
    'allotree quota Hafenblick "Building A"': 'Limits and use of a building',
    'allotree quota Hafenblick --at 2030-01-01': 'What the terms known by now leave in the future',
  })
    .description('show the limits, use and remaining units of a group')
    .option('--at <instant>', 'at an instant (default: now)')
    .action(
      act(async (cli, project: string, group: string | undefined, options: { at?: string }) => {
        const at = options.at === undefined ? undefined : instantOption(options.at);
        const path = `${await groupPath(cli, project, group)}/quota`;
        const quota = await (await cli.api()).get<Quota>(at === undefined ? path : `${path}/as-of${queryOf({ at })}`);
        const { out } = cli;
        if (out.format === 'json' || out.format === 'yaml') return out.record(quota, []);
        const { name, status, type, features, resources } = quota;
        out.rows(
          Object.entries(resources).map(([resource, row]) => ({ resource, ...row })),
          COLUMNS,
        );
        out.note(
          `${name}: ${status}${type === null ? '' : `, ${type}`}; features: ${features.on.join(', ') || 'none'}`,
        );
      }),
    );

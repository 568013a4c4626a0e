import type { QuotaWhyAnswer } from '@allotree/contracts';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { groupPath, limitText, resourceOption, withGroup } from '../limits.js';
import { instantOption, queryOf } from '../references.js';

type Level = QuotaWhyAnswer['levels'][number];

const useOf = ({ consumed, left }: Level): string => {
  if (consumed === null) return '';
  return left === null ? `, ${consumed} used` : `, ${consumed} used, ${left} left`;
};

const termText = ({ type, limit, validUntil, status }: Level['terms'][number]): string =>
  `${type} ${limitText(limit)}, ${status}${validUntil === null ? '' : `, until ${validUntil}`}`;

/** From the project down to the group: a tree whose every level has one branch. */
export function whyLines({ levels }: Pick<QuotaWhyAnswer, 'levels'>, mark: (text: string) => string): string[] {
  return levels.toReversed().flatMap((level, depth) => {
    const name = level.groupId === null ? `${level.name} (licenses of the project)` : level.name;
    const branch = depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `;
    const limit = level.isRestricted ? `limit ${limitText(level.limit)}` : 'no limit of its own';
    const line = `${branch}${name}: ${limit}${useOf(level)}`;
    const below = `${'   '.repeat(depth)}${depth === levels.length - 1 ? '   ' : '│  '}`;
    const terms = level.terms.map((term) => `${below}${termText(term)}`);
    return [level.isBinding ? `${mark(line)}  ${mark('<- binds')}` : line, ...terms];
  });
}

const changeText = (change: QuotaWhyAnswer['toChange'][number]): string => {
  const units = Object.entries(change.units).flatMap(([resource, count]) =>
    count === 0 ? [] : [`${count} ${resource}`],
  );
  const where = 'name' in change && change.name !== undefined ? ` at ${change.name}` : '';
  return `${change.kind}${where}: ${units.join(', ')}`;
};

function show({ out }: Cli, why: QuotaWhyAnswer): void {
  const { quota, suspended, toChange } = why;
  out.text(why, [
    `${why.resource} at ${why.at}: ${limitText(quota.available)} available, ${quota.consumed} of ${limitText(quota.effectiveLimit)} used`,
    ...whyLines(why, (text) => out.paint('yellow', text)),
    ...(suspended.total === 0 ? [] : [`${suspended.total} suspended`]),
    ...(toChange.length === 0 ? [] : ['For one more unit:', ...toChange.map((change) => `  ${changeText(change)}`)]),
  ]);
}

export const addWhy: AddCommand = (program, act) =>
  withExamples(withGroup(program.command('why')), {
    'allotree why Hafenblick "Building A/Unit 1"': 'Why a unit has no more virtual numbers',
    'allotree why Hafenblick --resource mobile_app --at 2030-01-01': 'The mobile apps of the project later on',
  })
    .description('explain why a group can use as much as it can: the limits from the project down')
    .option('--resource <resource>', 'sip_number, mobile_app or ukey2', resourceOption, 'sip_number')
    .option('--at <instant>', 'at an instant (default: now)')
    .action(
      act(async (cli, project: string, group: string | undefined, options: { resource: string; at?: string }) => {
        const at = options.at === undefined ? undefined : instantOption(options.at);
        const path = await groupPath(cli, project, group);
        const query = queryOf({ resource: options.resource, at });
        show(cli, await (await cli.api()).get<QuotaWhyAnswer>(`${path}/quota/why${query}`));
      }),
    );

import type { HistoryAnswer } from '@allotree/contracts';
import type { z } from 'zod';
import { withExamples, type AddCommand } from '../command.js';
import type { Column } from '../output.js';
import { noteMore, readList, withListOptions, type ListOptions } from '../paging.js';
import { apiPath, findGroup, findProject, instantOption, queryOf } from '../references.js';

type Item = z.infer<typeof HistoryAnswer>['items'][number];

interface HistoryOptions extends ListOptions {
  readonly from?: string;
  readonly to?: string;
}

const COLUMNS: readonly Column<Item>[] = [
  { header: 'at', value: ({ at }) => at },
  { header: 'what', value: ({ what }) => what },
  { header: 'group', value: ({ groupId }) => groupId },
  { header: 'who', value: ({ actor }) => actor },
  { header: 'event', value: ({ eventId }) => eventId },
];

const optionalInstant = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : instantOption(text);

export const addHistory: AddCommand = (program, act) =>
  withExamples(withListOptions(program.command('history')), {
    'allotree history Hafenblick --limit 20': 'The last 20 changes of a project',
    'allotree history Hafenblick "Building A" --output json': 'All about a building, with before and after',
  })
    .description('list who did what to the licensing of a project or a group, newest first')
    .argument('<project>', 'id or name of the project')
    .argument('[group]', 'only what is about this group')
    .option('--from <instant>', 'not before an instant')
    .option('--to <instant>', 'before an instant')
    .action(
      act(async ({ api, out }, reference: string, group: string | undefined, options: HistoryOptions) => {
        const period = { from: optionalInstant(options.from), to: optionalInstant(options.to) };
        const project = await findProject(await api(), reference);
        const groupId = group === undefined ? undefined : (await findGroup(await api(), project, group)).groupId;
        const path = `${apiPath`/projects/${project.projectId}/history`}${queryOf({ groupId, ...period })}`;
        const listed = await readList<Item>(await api(), path, options);
        out.rows(listed.items, COLUMNS);
        noteMore(out, listed);
      }),
    );

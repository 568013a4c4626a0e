import type { SearchAnswer } from '@allotree/contracts';
import { withExamples, type AddCommand } from '../command.js';
import type { Column } from '../output.js';
import { wholeNumber } from '../paging.js';
import { queryOf } from '../references.js';

const COLUMNS: readonly Column<SearchAnswer['items'][number]>[] = [
  { header: 'kind', value: ({ kind }) => kind },
  { header: 'id', value: ({ id }) => id },
  { header: 'text', value: ({ text }) => text },
  { header: 'where', value: ({ path, projectName }) => (path.length === 0 ? projectName : path.join(' / ')) },
  { header: 'match', value: ({ field, match }) => `${match} ${field}` },
];

export const addSearch: AddCommand = (program, act) =>
  withExamples(program.command('search'), {
    'allotree search "Unit 1" --kinds group': 'Groups with a name like this',
    'allotree search HB-A-0001': 'A device by its serial number',
  })
    .description('find partners, projects, groups, people, devices, licenses and assignments')
    .argument('<words>', 'id, external id, serial number, e-mail address or name')
    .option('--kinds <kinds>', 'only these kinds, separated by commas')
    .option('--limit <number>', 'the most results', wholeNumber(1, 100), 20)
    .action(
      act(async ({ api, out }, q: string, { kinds, limit }: { kinds?: string; limit: number }) => {
        const { items } = await (await api()).get<SearchAnswer>(`/search${queryOf({ q, kinds, limit })}`);
        out.rows(items, COLUMNS);
      }),
    );

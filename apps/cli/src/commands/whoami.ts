import type { Me } from '@allotree/contracts';
import { withExamples, type AddCommand } from '../command.js';
import type { Column } from '../output.js';

type Identity = Me & { readonly server: string; readonly source: string; readonly tenant: string | null };

const COLUMNS: readonly Column<Identity>[] = [
  { header: 'server', value: ({ server }) => server },
  { header: 'user', value: ({ email, userId }) => email ?? userId },
  { header: 'name', value: ({ name }) => name },
  { header: 'tenants', value: ({ tenantIds, serverAdministrator }) => (serverAdministrator ? 'all' : tenantIds) },
  { header: 'chosen tenant', value: ({ tenant }) => tenant },
  { header: 'server administrator', value: ({ serverAdministrator }) => (serverAdministrator ? 'yes' : 'no') },
  { header: 'signed in with', value: ({ source }) => source },
];

export const addWhoami: AddCommand = (program, act) =>
  withExamples(program.command('whoami'), {
    'allotree whoami': 'Show who you are signed in as',
    'allotree whoami --output json': 'The same for a script',
  })
    .description('show the server, the signed-in user and its tenants')
    .action(
      act(async ({ api, target, out }) => {
        const { server, source, tenant } = await target();
        const me = await (await api()).get<Me>('/me');
        out.record({ server, ...me, source, tenant }, COLUMNS);
      }),
    );

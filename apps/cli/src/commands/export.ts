import { stringify } from 'yaml';
import { withExamples, type AddCommand } from '../command.js';
import { projectId } from '../project-plans.js';

export const addExport: AddCommand = (program, act) =>
  withExamples(program.command('export'), {
    'allotree export Hafenblick': 'Write the project as a file',
  })
    .description('write a project as a project file: groups, limits, devices and units in use')
    .argument('<project>', 'id or name')
    .action(
      act(async ({ api, out }, project: string) => {
        const client = await api();
        const document = await client.get<object>(`/projects/${await projectId(client, project)}/export`);
        out.text(document, stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n'));
      }),
    );

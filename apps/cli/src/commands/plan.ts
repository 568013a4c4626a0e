import { withExamples, type AddCommand } from '../command.js';
import { codeOf, makePlan, openFile, projectId, showPlan } from '../project-plans.js';

interface Options {
  readonly file: string;
  readonly project?: string;
  readonly prune: boolean;
}

export const addPlan: AddCommand = (program, act) =>
  withExamples(program.command('plan'), {
    'allotree plan -f project.yaml': 'Show what applying the file would change, and what would be refused',
    'allotree plan -f project.yaml --prune --output json': 'Also what the file does not name, for a script',
  })
    .description('show what a project file would change; records nothing')
    .requiredOption('-f, --file <path>', 'project file')
    .option('--project <id or name>', 'the project (default: the one that the file names)')
    .option('--prune', 'remove what the file does not name', false)
    .action(
      act(async ({ api, out }, { file, project, prune }: Options) => {
        const opened = await openFile(file);
        const client = await api();
        const plan = await makePlan(client, await projectId(client, project ?? opened.project), opened.document, prune);
        showPlan(out, plan, opened.placeOf);
        return codeOf(plan);
      }),
    );

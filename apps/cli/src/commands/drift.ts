import { withExamples, type AddCommand } from '../command.js';
import { codeOf, makePlan, openFile, projectId, showPlan } from '../project-plans.js';

interface Options {
  readonly file: string;
  readonly project?: string;
}

export const addDrift: AddCommand = (program, act) =>
  withExamples(program.command('drift'), {
    'allotree drift -f project.yaml': 'Show where the project is not as the file says, for a nightly job',
  })
    .description('show where a project differs from a file, also in what the file does not name')
    .requiredOption('-f, --file <path>', 'project file')
    .option('--project <id or name>', 'the project (default: the one that the file names)')
    .action(
      act(async ({ api, out }, { file, project }: Options) => {
        const opened = await openFile(file);
        const client = await api();
        const plan = await makePlan(client, await projectId(client, project ?? opened.project), opened.document, true);
        showPlan(out, plan, opened.placeOf);
        return codeOf(plan);
      }),
    );

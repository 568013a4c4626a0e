import { withExamples, type AddCommand } from '../command.js';
import { CliError, EXIT } from '../exit-codes.js';
import { applyPlan, makePlan, openFile, projectId, refuseRemovals, showPlan, wholeNumber } from '../project-plans.js';

interface Options {
  readonly file: string;
  readonly project?: string;
  readonly plan?: string;
  readonly prune: boolean;
  readonly maxRemovals: number;
}

export const addApply: AddCommand = (program, act) =>
  withExamples(program.command('apply'), {
    'allotree apply -f project.yaml': 'Bring the project to what the file says',
    'allotree apply -f project.yaml --prune --max-removals 5':
      'Also remove what the file does not name, up to five things',
  })
    .description('apply a project file; an interrupted apply goes on when it is repeated')
    .requiredOption('-f, --file <path>', 'project file')
    .option('--project <id or name>', 'the project (default: the one that the file names)')
    .option('--plan <id>', 'apply this plan, as it was shown')
    .option('--prune', 'remove what the file does not name', false)
    .option('--max-removals <n>', 'how much may be removed', wholeNumber('--max-removals'), 0)
    .action(
      act(async ({ api, out }, { file, project, plan: planId, prune, maxRemovals }: Options) => {
        if (planId !== undefined && prune) throw new CliError('--prune was decided when the plan was made.');
        const opened = await openFile(file);
        const client = await api();
        const id = await projectId(client, project ?? opened.project);
        if (planId !== undefined) {
          await applyPlan(out, client, id, planId);
          return EXIT.done;
        }
        const plan = await makePlan(client, id, opened.document, prune);
        showPlan(out, plan, opened.placeOf);
        if (plan.refusals.length > 0) return EXIT.refused;
        refuseRemovals(plan, maxRemovals);
        if (plan.operations.length > 0) await applyPlan(out, client, id, plan.planId);
        out.note(plan.operations.length > 0 ? 'applied' : 'nothing to do');
        return EXIT.done;
      }),
    );

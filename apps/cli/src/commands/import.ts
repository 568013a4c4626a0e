import type { Api } from '@allotree/api-client';
import type { PlanAnswer } from '@allotree/contracts';
import { nameKey, type GroupType } from '@allotree/domain';
import { withExamples, type AddCommand } from '../command.js';
import { CliError, EXIT } from '../exit-codes.js';
import { openTable, writeFailed } from '../import/open-table.js';
import type { Formula, Mistake, ReadTable } from '../import/table.js';
import { groupsOfTable } from '../import/table-to-groups.js';
import type { Column, Output } from '../output.js';
import { applyPlan, codeOf, makePlan, projectId, showPlan } from '../project-plans.js';

interface Options {
  readonly project: string;
  readonly map: Readonly<Record<string, string>>;
  readonly apply: boolean;
  readonly failed?: string;
  readonly sheet?: string;
}

/** How many formulas are named one by one. */
const NAMED = 10;

const COLUMNS: readonly Column<Mistake>[] = [
  { header: 'row', value: ({ row }) => row },
  { header: 'column', value: ({ column }) => column },
  { header: 'value', value: ({ value }) => value },
  { header: 'code', value: ({ code }) => code },
  { header: 'message', value: ({ message }) => message },
  { header: 'suggestion', value: ({ suggestion }) => suggestion },
];

/** `key=ERP number` */
const mapping = (text: string, before: Readonly<Record<string, string>>): Record<string, string> => {
  const [field = '', ...header] = text.split('=');
  if (field === '' || header.length === 0) throw new CliError(`--map must be <field>=<column>, not ${text}`);
  return { ...before, [field.trim()]: header.join('=').trim() };
};

interface ExportedGroup {
  readonly name: string;
  readonly type: GroupType;
  readonly groups?: readonly ExportedGroup[];
}

/** The project's name, and the types of the groups that are there. */
async function current(
  api: Api,
  id: string,
): Promise<{ name: string; typeAt: (path: string) => GroupType | undefined }> {
  const { project } = await api.get<{ project: ExportedGroup }>(`/projects/${id}/export`);
  const types = new Map<string, GroupType>();
  const walk = (groups: readonly ExportedGroup[] = [], above = ''): void => {
    for (const { name, type, groups: below } of groups) {
      types.set(nameKey(`${above}${name}`), type);
      walk(below, `${above}${name} / `);
    }
  };
  walk(project.groups);
  return { name: project.name, typeAt: (path) => types.get(nameKey(path)) };
}

/** What the rules refuse, by the row of the group. */
const refusedRows = ({ refusals }: PlanAnswer, rowOf: ReadonlyMap<string, number>): Mistake[] =>
  refusals.map(({ path, code, detail }) => ({
    row: rowOf.get(path) ?? 0,
    column: '',
    value: path,
    code,
    message: detail,
    suggestion: null,
  }));

/** Says which values are those of formulas: a person may have overlooked that. */
function noteFormulas(out: Output, formulas: readonly Formula[]): void {
  if (formulas.length === 0) return;
  const named = formulas.slice(0, NAMED).map(({ row, column, value }) => `row ${row} ${column}: ${value}`);
  const more = formulas.length > NAMED ? ` and ${formulas.length - NAMED} more` : '';
  out.note(`the values of ${formulas.length} cells with formulas are taken as they are: ${named.join(', ')}${more}`);
}

async function refuse(out: Output, file: string, table: ReadTable, mistakes: readonly Mistake[]): Promise<void> {
  const inOrder = [...mistakes].sort((a, b) => a.row - b.row);
  out.rows(inOrder, COLUMNS);
  await writeFailed(file, table, inOrder);
  out.note(`${mistakes.length} mistakes: nothing was changed. ${file} has the rows.`);
}

export const addImport: AddCommand = (program, act) =>
  withExamples(program.command('import'), {
    'allotree import groups.csv --project Hafenblick': 'Show what the rows of the table would change',
    'allotree import groups.csv --project Hafenblick --map "key=ERP number" --apply':
      'Change it; a column has another name',
    'allotree import groups.xlsx --sheet Apartments --project Hafenblick': 'The same for a sheet of a workbook',
  })
    .description('make a plan of a table of groups, with their keys and limits, and apply it')
    .argument(
      '<file>',
      'CSV file or XLSX workbook; columns path, or building, unit, floor, apartment; type, key, sip_number, mobile_app, ukey2, features, valid_from, valid_until, pool_mode',
    )
    .requiredOption('--project <id or name>', 'the project')
    .option('--map <field=column>', 'the column of a field, where it has another name; repeatable', mapping, {})
    .option('--apply', 'apply the plan', false)
    .option('--sheet <name>', 'the sheet of a workbook (default: the first one)')
    .option(
      '--failed <path>',
      'where rows with mistakes are written (default: failed.csv, or failed.xlsx for a workbook)',
    )
    .action(
      act(async ({ api, out }, file: string, { project, map, apply, ...options }: Options) => {
        const { table, failed } = await openTable(file, options);
        out.note(`${file}: ${table.detected}`);
        noteFormulas(out, table.formulas);
        const blind = groupsOfTable(table, map, () => undefined);
        if (blind.mistakes.length > 0) {
          await refuse(out, failed, table, blind.mistakes);
          return EXIT.refused;
        }
        const client = await api();
        const id = await projectId(client, project);
        const { name, typeAt } = await current(client, id);
        const { groups, rowOf } = groupsOfTable(table, map, typeAt);
        const plan = await makePlan(client, id, { project: { name, groups } }, false);
        if (plan.refusals.length > 0) {
          await refuse(out, failed, table, refusedRows(plan, rowOf));
          return EXIT.refused;
        }
        showPlan(out, plan, (path) => (rowOf.has(path) ? `${file}:${rowOf.get(path)}: ` : ''));
        if (!apply) return codeOf(plan);
        if (plan.operations.length > 0) await applyPlan(out, client, id, plan.planId);
        out.note(plan.operations.length > 0 ? 'imported' : 'nothing to do');
        return EXIT.done;
      }),
    );

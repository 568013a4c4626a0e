import type { Command } from 'commander';
import type { GroupItem, TreeAnswer } from '@allotree/contracts';
import type { Cli } from '../cli.js';
import { withExamples, type Act, type AddCommand } from '../command.js';
import type { Column } from '../output.js';
import { noteMore, readList, withListOptions, type ListOptions } from '../paging.js';
import { apiPath, findGroup, findProject, instantOption, queryOf, quoted } from '../references.js';
import {
  DEVICE_COLUMNS,
  GROUP_COLUMNS,
  LICENSE_COLUMNS,
  PARTNER_COLUMNS,
  PERSON_COLUMNS,
  PROJECT_COLUMNS,
  type LicenseItem,
} from '../things.js';

interface Shown<Item> {
  readonly path: string;
  readonly columns: readonly Column<Item>[];
}

async function show<Item>({ api, out }: Cli, { path, columns }: Shown<Item>, options: ListOptions): Promise<void> {
  const listed = await readList<Item>(await api(), path, options);
  out.rows(listed.items, columns);
  noteMore(out, listed);
}

/** The filter of the caller, within the chosen tenant. */
async function ofTenant({ target }: Cli, options: ListOptions): Promise<ListOptions> {
  const { tenant } = await target();
  if (tenant === null) return options;
  const ours = `tenantId = ${quoted(tenant)}`;
  return { ...options, filter: options.filter === undefined ? ours : `(${options.filter}) AND ${ours}` };
}

function addTenantLists(list: Command, act: Act): void {
  withExamples(withListOptions(list.command('partners')), {
    'allotree list partners --order name': 'Partners by name',
  })
    .description('list partners')
    .action(
      act(async (cli, options: ListOptions) =>
        show(cli, { path: '/partners', columns: PARTNER_COLUMNS }, await ofTenant(cli, options)),
      ),
    );
  withExamples(withListOptions(list.command('projects')), {
    'allotree list projects --filter \'status = "open"\'': 'Open projects',
    'allotree list projects --all --output csv': 'All projects as a CSV file',
  })
    .description('list projects')
    .action(
      act(async (cli, options: ListOptions) =>
        show(cli, { path: '/projects', columns: PROJECT_COLUMNS }, await ofTenant(cli, options)),
      ),
    );
}

interface GroupListOptions extends ListOptions {
  readonly parent?: string;
  readonly at?: string;
}

const MAX_ROWS_OF_A_TREE = 200;

/** The groups below one as they were at an instant. */
async function showPast(cli: Cli, path: string, { parentId, at }: { parentId: string; at: string }): Promise<void> {
  const api = await cli.api();
  const rows: TreeAnswer['items'] = [];
  let total: number;
  do {
    const query = queryOf({ at, parentId, offset: rows.length, limit: MAX_ROWS_OF_A_TREE });
    const page = await api.get<TreeAnswer>(`${path}${query}`);
    rows.push(...page.items);
    total = page.total;
  } while (rows.length < total);
  const past = rows.map((row) => ({ ...row, externalId: null, hasChildren: row.childCount > 0 }));
  cli.out.rows<GroupItem>(past, GROUP_COLUMNS);
}

async function showGroups(cli: Cli, reference: string, options: GroupListOptions): Promise<void> {
  const at = options.at === undefined ? undefined : instantOption(options.at);
  const api = await cli.api();
  const project = await findProject(api, reference);
  const parent =
    options.parent === undefined && at === undefined ? null : await findGroup(api, project, options.parent);
  if (at !== undefined && parent !== null)
    return showPast(cli, apiPath`/projects/${project.projectId}/tree`, { parentId: parent.groupId, at });
  const query = queryOf({ parentId: parent?.groupId });
  const path = `${apiPath`/projects/${project.projectId}/groups`}${query}`;
  return show(cli, { path, columns: GROUP_COLUMNS }, options);
}

interface OfGroupOptions extends ListOptions {
  readonly group?: string;
}

const PARTS = {
  devices: { route: 'devices', columns: DEVICE_COLUMNS },
  people: { route: 'members', columns: PERSON_COLUMNS },
} as const;

function addListOfGroup(list: Command, act: Act, what: keyof typeof PARTS): void {
  const { route, columns } = PARTS[what];
  withExamples(withListOptions(list.command(what)).argument('<project>', 'id or name of the project'), {
    [`allotree list ${what} Hafenblick --group "Building A"`]: `The ${what} of a building`,
  })
    .description(`list the ${what} of a group`)
    .option('--group <group>', 'id, path or name of the group (default: the root)')
    .action(
      act(async (cli, reference: string, options: OfGroupOptions) => {
        const api = await cli.api();
        const project = await findProject(api, reference);
        const { groupId } = await findGroup(api, project, options.group);
        const path = `${apiPath`/projects/${project.projectId}/groups/${groupId}`}/${route}`;
        await show(cli, { path, columns: columns as readonly Column<unknown>[] }, options);
      }),
    );
}

function addProjectLists(list: Command, act: Act): void {
  withExamples(withListOptions(list.command('groups')).argument('<project>', 'id or name of the project'), {
    'allotree list groups Hafenblick': 'All groups of a project',
    'allotree list groups Hafenblick --parent "Building A"': 'The groups directly below one',
  })
    .description('list the groups of a project')
    .option('--parent <group>', 'only those directly below this group')
    .option('--at <instant>', 'as they were at an instant, directly below --parent (default: the root)')
    .action(act(showGroups));
  withExamples(list.command('licenses').argument('<project>', 'id or name of the project'), {
    'allotree list licenses Hafenblick --filter \'status = "active"\'': 'Licenses in force',
  })
    .description('list the licenses of a project')
    .option('--filter <condition>', 'only what meets a condition')
    .option('--order <field>', 'by a field, or "<field> desc"')
    .action(
      act(async ({ api, out }, reference: string, { filter, order }: { filter?: string; order?: string }) => {
        const { projectId } = await findProject(await api(), reference);
        const path = `${apiPath`/projects/${projectId}/licenses`}${queryOf({ filter, orderBy: order })}`;
        const { items } = await (await api()).get<{ items: LicenseItem[] }>(path);
        out.rows(items, LICENSE_COLUMNS);
      }),
    );
  addListOfGroup(list, act, 'devices');
  addListOfGroup(list, act, 'people');
}

export const addList: AddCommand = (program, act) => {
  const list = program.command('list').description('list partners, projects, groups, licenses, devices or people');
  addTenantLists(list, act);
  addProjectLists(list, act);
};

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Api } from '@allotree/api-client';
import type { GroupItem, ProjectItem, QuotaAnswer, QuotasAnswer } from '@allotree/contracts';
import type { z } from 'zod';
import { withExamples, type AddCommand } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Column } from '../output.js';
import { apiPath, findProject, queryOf, quoted } from '../references.js';

type Quota = z.infer<typeof QuotaAnswer>;

interface Difference {
  readonly group: string;
  readonly name: string;
  readonly member: string;
  readonly answered: unknown;
  readonly recomputed: unknown;
}

const COLUMNS: readonly Column<Difference>[] = [
  { header: 'group', value: ({ group }) => group },
  { header: 'name', value: ({ name }) => name },
  { header: 'what', value: ({ member }) => member },
  { header: 'answered', value: ({ answered }) => answered },
  { header: 'recomputed', value: ({ recomputed }) => recomputed },
];

const BATCH = 100;
const LOOKS = 5;
const PAUSE_MS = 500;
const CHECKED = ['status', 'type', 'resources', 'features', 'effectivePeriod'] as const;

/** The members in which two quotas differ; of resources each number. */
function differencesOf(answered: Quota, recomputed: Quota): Difference[] {
  const { groupId: group, name } = answered;
  return CHECKED.filter((member) => !isDeepStrictEqual(answered[member], recomputed[member])).map((member) => ({
    group,
    name,
    member,
    answered: answered[member],
    recomputed: recomputed[member],
  }));
}

type Quotas = z.infer<typeof QuotasAnswer>;

const quotasOf = (api: Api, projectId: string, groupIds: readonly string[]): Promise<Quotas> =>
  api.post<Quotas>(apiPath`/projects/${projectId}/quotas`, { groupIds });

async function compared(api: Api, projectId: string, quota: Quota, at: string): Promise<Difference[]> {
  const path = apiPath`/projects/${projectId}/groups/${quota.groupId}/quota/as-of`;
  return differencesOf(quota, await api.get<Quota>(`${path}${queryOf({ at })}`));
}

/** Events on their way to the reporting service are no difference: what lasts over several looks is. */
async function lastingDifferences(api: Api, projectId: string, groupId: string): Promise<Difference[]> {
  let differences: Difference[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(PAUSE_MS);
    const { at, quotas } = await quotasOf(api, projectId, [groupId]);
    differences = quotas[0] === undefined ? [] : await compared(api, projectId, quotas[0], at);
    if (differences.length === 0) break;
  }
  return differences;
}

/** Compares what the license service answers with what the reporting service computes from the events, at the same instant. */
async function verifyProject(api: Api, projectId: string): Promise<{ groups: number; differences: Difference[] }> {
  const groups = await api.list<GroupItem>(apiPath`/projects/${projectId}/groups`);
  const differences: Difference[] = [];
  for (let first = 0; first < groups.length; first += BATCH) {
    const groupIds = groups.slice(first, first + BATCH).map(({ groupId }) => groupId);
    const { at, quotas } = await quotasOf(api, projectId, groupIds);
    for (const quota of quotas)
      if ((await compared(api, projectId, quota, at)).length > 0)
        differences.push(...(await lastingDifferences(api, projectId, quota.groupId)));
  }
  return { groups: groups.length, differences };
}

async function projectsToVerify(api: Api, reference: string | undefined, tenant: string | null): Promise<string[]> {
  if (reference !== undefined) return [(await findProject(api, reference)).projectId];
  const ours = tenant === null ? '' : ` AND tenantId = ${quoted(tenant)}`;
  const projects = await api.list<ProjectItem>(`/projects${queryOf({ filter: `status = "open"${ours}` })}`);
  return projects.map(({ projectId }) => projectId);
}

export const addVerify: AddCommand = (program, act) =>
  withExamples(program.command('verify'), {
    'allotree verify --project Hafenblick': 'Are the quotas of a project those of its events?',
  })
    .description(
      'compute limits and quotas again from the events and compare them with the answers; exits with 1 on a difference',
    )
    .option('--project <project>', 'id or name of one project (default: every open one)')
    .action(
      act(async ({ api, target, out }, { project }: { project?: string }) => {
        const signedIn = await api();
        const projects = await projectsToVerify(signedIn, project, (await target()).tenant);
        const differences: Difference[] = [];
        let groups = 0;
        for (const projectId of projects) {
          const verified = await verifyProject(signedIn, projectId);
          groups += verified.groups;
          differences.push(...verified.differences);
        }
        out.rows(differences, COLUMNS);
        out.note(`groups compared: ${groups}, projects: ${projects.length}, differences: ${differences.length}`);
        return differences.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );

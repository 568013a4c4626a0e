import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Api } from '@allotree/api-client';
import type { GroupItem, ProjectItem, QuotaAnswer, QuotasAnswer } from '@allotree/contracts';
import type { z } from 'zod';
import { withExamples, type AddCommand } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Cli } from '../cli.js';
import { apiPath, findProject, queryOf, quoted } from '../references.js';
import { FINDING_COLUMNS, type Finding } from '../store/finding.js';

type Quota = z.infer<typeof QuotaAnswer>;

const BATCH = 100;
const LOOKS = 5;
const PAUSE_MS = 500;
const CHECKED = ['status', 'type', 'resources', 'features', 'effectivePeriod'] as const;

/** The members in which two quotas differ; of resources each number. */
function differencesOf(projectId: string, answered: Quota, recomputed: Quota): Finding[] {
  const { groupId, name } = answered;
  return CHECKED.filter((member) => !isDeepStrictEqual(answered[member], recomputed[member])).map((member) => ({
    stream: `project-${projectId}`,
    eventId: null,
    code: 'QUOTA_DIFFERS',
    message: `${member} of group ${name} (${groupId}): answered ${JSON.stringify(answered[member])}, recomputed ${JSON.stringify(recomputed[member])}`,
  }));
}

type Quotas = z.infer<typeof QuotasAnswer>;

const quotasOf = (api: Api, projectId: string, groupIds: readonly string[]): Promise<Quotas> =>
  api.post<Quotas>(apiPath`/projects/${projectId}/quotas`, { groupIds });

async function compared(api: Api, projectId: string, quota: Quota, at: string): Promise<Finding[]> {
  const path = apiPath`/projects/${projectId}/groups/${quota.groupId}/quota/as-of`;
  return differencesOf(projectId, quota, await api.get<Quota>(`${path}${queryOf({ at })}`));
}

/** Events on their way to the reporting service are no difference: what lasts over several looks is. */
async function lastingDifferences(api: Api, projectId: string, groupId: string): Promise<Finding[]> {
  let differences: Finding[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(PAUSE_MS);
    const { at, quotas } = await quotasOf(api, projectId, [groupId]);
    differences = quotas[0] === undefined ? [] : await compared(api, projectId, quotas[0], at);
    if (differences.length === 0) break;
  }
  return differences;
}

/** Compares what the license service answers with what the reporting service computes from the events, at the same instant. */
async function verifyProject(api: Api, projectId: string): Promise<{ groups: number; differences: Finding[] }> {
  const groups = await api.list<GroupItem>(apiPath`/projects/${projectId}/groups`);
  const differences: Finding[] = [];
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

/** Compares answers of the services over HTTP. */
async function verifyAnswers({ api, target, out }: Cli, project: string | undefined): Promise<readonly Finding[]> {
  const signedIn = await api();
  const projects = await projectsToVerify(signedIn, project, (await target()).tenant);
  const findings: Finding[] = [];
  let groups = 0;
  for (const projectId of projects) {
    const verified = await verifyProject(signedIn, projectId);
    groups += verified.groups;
    findings.push(...verified.differences);
  }
  out.note(`groups compared: ${groups}, projects: ${projects.length}, findings: ${findings.length}`);
  return findings;
}

/** Checks the event store and the database themselves. */
async function verifyInStore(cli: Cli, project: string | undefined): Promise<readonly Finding[]> {
  const { verifyStore } = await import('../store/verify-store.js');
  const { events, streams, withoutDataChecksum, findings } = await verifyStore(cli, project);
  cli.out.note(`events read: ${events}, streams: ${streams}, findings: ${findings.length}`);
  if (withoutDataChecksum > 0)
    cli.out.note(
      `${withoutDataChecksum} events are of version 0.2.0 or earlier: a change of their data would not be found.`,
    );
  return findings;
}

export const addVerify: AddCommand = (program, act) =>
  withExamples(program.command('verify'), {
    'allotree verify --project Hafenblick': 'Are the quotas of a project those of its events?',
    'allotree verify --store': 'Are all events there, unchanged and within the rules?',
    'allotree verify --store --project Hafenblick --output json': 'The same for one project, for a script',
  })
    .description(
      'compute limits and quotas again from the events and compare them with the answers, or check the event store itself; exits with 1 on a finding',
    )
    .option('--project <project>', 'id or name of one project (default: every open one)')
    .option(
      '--store',
      'read the event store and the database themselves (DATABASE_URL and EVENT_STORE_URL, or DATA_DIR), without the services',
    )
    .action(
      act(async (cli, { project, store }: { project?: string; store?: boolean }) => {
        const findings = await (store === true ? verifyInStore : verifyAnswers)(cli, project);
        cli.out.rows(findings, FINDING_COLUMNS);
        return findings.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );

import type { ProjectsUsageAnswer, ProjectsUsageQuery } from '@allotree/contracts';
import { RESOURCES, type Curve, type Period, type Resource } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { always, capacitiesIn, sumOfCurves, sumOfLimits } from '../committed.js';
import { measuredCurve, measuredUse, type MeasuredUse } from '../measured-use.js';
import { measuresAnswer } from '../measures-answer.js';
import { curvesIn, keyOf, type PlaceOfUse } from '../recorded-use.js';
import { windowsIn } from '../windows.js';
import { partnerNames, type UsedProject } from './projects.js';

type Item = ProjectsUsageAnswer['items'][number];

/** One row of the answer: projects whose use is measured together. */
interface Row {
  readonly shown: Pick<Item, 'resource' | 'partnerId' | 'projectId' | 'name'>;
  readonly projects: readonly UsedProject[];
}

export interface AskedOfProjects {
  readonly query: ProjectsUsageQuery;
  readonly period: Period;
  readonly projects: readonly UsedProject[];
}

/**
 * The use of projects in a period.
 * @throws Problem `VALIDATION` where the answer would have too many windows, or look at too much
 */
export async function useOverProjects(tx: EntityManager, asked: AskedOfProjects): Promise<ProjectsUsageAnswer> {
  const { query, period } = asked;
  const timeZone = query.timeZone ?? 'UTC';
  const rows = await rowsOf(tx, asked);
  const windows = windowsIn(period, { window: query.window, timeZone }, rows.length);
  const cut = { period, windows };
  const items: Item[] = [];
  for (const resource of new Set(rows.map(({ shown }) => shown.resource))) {
    const ofResource = rows.filter(({ shown }) => shown.resource === resource);
    const measured = await (canUseDays(asked)
      ? measuredProjects(tx, { resource, rows: ofResource }, cut)
      : measuredTogether(tx, { resource, rows: ofResource, query }, cut));
    ofResource.forEach(({ shown, projects }, index) => {
      const measures = measuresAnswer(measured[index]!, period, query.window === 'none' ? [] : windows);
      items.push({ ...shown, projectCount: projects.length, ...measures });
    });
  }
  return { timeZone, items };
}

/** Where the use of each project is measured alone, and nothing needs every change. */
const canUseDays = ({ query: { groupBy, sustained, committed } }: AskedOfProjects): boolean =>
  groupBy === 'project' && sustained === undefined && committed === undefined;

async function rowsOf(tx: EntityManager, { query, period, projects }: AskedOfProjects): Promise<readonly Row[]> {
  const { groupBy, resource } = query;
  const resources = resource === undefined ? RESOURCES : [resource];
  if (groupBy === 'resource') return resources.map((each) => ({ shown: { resource: each }, projects }));
  const [only] = resources;
  if (groupBy === 'project')
    return projects.map((project) => {
      const { partnerId, projectId, name } = project;
      return { shown: { resource: only, partnerId, projectId, name }, projects: [project] };
    });
  const partnerIds = [...new Set(projects.map(({ partnerId }) => partnerId))].sort();
  const names = await partnerNames(tx, partnerIds, period.until);
  return partnerIds.map((partnerId) => ({
    shown: { resource: only, partnerId, name: names.get(partnerId) ?? partnerId },
    projects: projects.filter((project) => project.partnerId === partnerId),
  }));
}

interface Cut {
  readonly period: Period;
  readonly windows: readonly Period[];
}

interface RowsOfResource {
  readonly resource: Resource;
  readonly rows: readonly Row[];
}

const rootOf = ({ projectId }: UsedProject): PlaceOfUse => ({ projectId, groupId: projectId });

/** Days are measured in the time zone of each project. */
async function measuredProjects(
  tx: EntityManager,
  { resource, rows }: RowsOfResource,
  cut: Cut,
): Promise<readonly MeasuredUse[]> {
  const projects = rows.flatMap((row) => row.projects);
  const measured = new Map<string, MeasuredUse>();
  for (const timeZone of new Set(projects.map((project) => project.timeZone))) {
    const places = projects.filter((project) => project.timeZone === timeZone).map(rootOf);
    const more = { sustained: undefined, committed: undefined };
    for (const [key, use] of await measuredUse(tx, { places, resource }, { ...cut, timeZone, more }))
      measured.set(key, use);
  }
  return projects.map((project) => measured.get(keyOf(rootOf(project)))!);
}

/** The use of several projects together has its peak where that of none of them may have one. */
async function measuredTogether(
  tx: EntityManager,
  { resource, rows, query }: RowsOfResource & { readonly query: ProjectsUsageQuery },
  cut: Cut,
): Promise<readonly MeasuredUse[]> {
  const projects = [...new Set(rows.flatMap((row) => row.projects))];
  const curves = await curvesIn(tx, { places: projects.map(rootOf), resource }, cut.period);
  const committedOf = await commitments(tx, { resource, projects, query }, cut.period);
  const measured: MeasuredUse[] = [];
  for (const { projects: together } of rows) {
    const curve = sumOfCurves(together.map((project) => curves.get(keyOf(rootOf(project)))!));
    const more = { sustained: query.sustained, committed: committedOf(together) };
    measured.push(await measuredCurve(curve, { ...cut, more }));
  }
  return measured;
}

/** The limit with which the use of some of the projects together is compared. */
async function commitments(
  tx: EntityManager,
  {
    resource,
    projects,
    query: { committed },
  }: Pick<AskedOfProjects, 'projects' | 'query'> & Pick<RowsOfResource, 'resource'>,
  period: Period,
): Promise<(projects: readonly UsedProject[]) => Curve<number | null> | undefined> {
  if (committed !== 'capacity') return () => always(committed);
  const projectIds = projects.map(({ projectId }) => projectId);
  const capacities = await capacitiesIn(tx, { projectIds, resource }, period);
  return (some) => sumOfLimits(some.map(({ projectId }) => capacities.get(projectId)!));
}

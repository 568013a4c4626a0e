import type { ApplyPlanAnswer, PlanAnswer } from '@allotree/contracts';
import type { Limit, Resource } from '@allotree/domain';
import { levelsOf, type GroupEntry, type ProjectFile } from '@allotree/project-file';
import type { ProjectApplication } from './apply.js';
import { beforeRehearsals, showRehearsals } from './rehearsals.js';
import { readTree, untilListed, type Tree } from './tree.js';
import { dateText, RESOURCE_NAMES, unitsText } from './words.js';

type Operation = PlanAnswer['operations'][number];
type Kind = Operation['kind'];

/** The number of operations of a kind from which one line names them all. */
const FEW = 12;

/** The rules refuse what the file says. */
export class RefusedPlan extends Error {
  constructor({ refusals }: PlanAnswer) {
    super(refusals.map(({ path, code, detail }) => `${path}: ${code}: ${detail}`).join('\n'));
    this.name = 'RefusedPlan';
  }
}

/** Groups, their limits, devices and units in use: a plan of the file, and its application. */
export const applyPlan = async (application: ProjectApplication): Promise<Tree> => {
  const { file, narrator } = application;
  narrator.begin('Groups, their limits, devices and units in use, by a plan of the file');
  const first = beforeRehearsals(file);
  if (first) await showRehearsals(application, await bringTo(application, first));
  const tree = await bringTo(application, file, (count) =>
    narrator.alreadySo(`${count.toLocaleString('en-US')} things that the file names are there`, count),
  );
  return tree;
};

/** @throws RefusedPlan */
async function bringTo(
  application: ProjectApplication,
  document: ProjectFile,
  tellUnchanged: (count: number) => void = () => undefined,
): Promise<Tree> {
  const { api, narrator, project } = application;
  const before = (await readTree(application)).byPath.size;
  const plans = `/projects/${project.projectId}/plans`;
  const started = performance.now();
  const plan = await api.post<PlanAnswer>(plans, { document, prune: false });
  if (plan.refusals.length > 0) throw new RefusedPlan(plan);
  if (plan.operations.length > 0)
    while ((await api.post<ApplyPlanAnswer>(`${plans}/${plan.planId}/apply`, {})).status !== 'applied');
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const tree = await untilListed(application, 1 + namedIn(document.project.groups) + generatedBy(document));
  const created = tree.byPath.size - before;
  tellOperations(application, plan, created);
  if (created + plan.omitted > FEW) narrator.note(`planned and applied in ${seconds} s`);
  if (plan.summary.unchanged > 0) tellUnchanged(plan.summary.unchanged);
  return tree;
}

const namedIn = (groups: readonly GroupEntry[]): number =>
  groups.reduce((count, { groups: below }) => count + 1 + namedIn(below), 0);

const levelsIn = ({ project }: ProjectFile) => levelsOf(project.generate ?? {});

function generatedBy(file: ProjectFile): number {
  let [ofLevel, all] = [1, 0];
  for (const { level } of levelsIn(file)) {
    ofLevel *= level.count;
    all += ofLevel;
  }
  return all;
}

/** One line for each change, and one for many of a kind. */
function tellOperations({ file, narrator, project }: ProjectApplication, plan: PlanAnswer, created: number): void {
  if (created > 0) {
    const shape = levelsIn(file).map(({ level, type }) => `${level.count} ${type}`);
    const groups = `${created.toLocaleString('en-US')} groups`;
    narrator.changed(shape.length > 0 ? `generated ${groups} (${shape.join(' x ')})` : `created ${groups}`, created);
  }
  const told = plan.operations.filter(({ kind, op }) => kind !== 'group' || op !== 'create');
  for (const kind of KINDS) {
    const ofKind = told.filter((operation) => operation.kind === kind);
    const count = ofKind.reduce((sum, operation) => sum + operation.count, 0);
    if (ofKind.length > FEW) narrator.changed(`${count.toLocaleString('en-US')} ${PLURALS[kind]}`, count);
    else for (const one of ofKind) narrator.changed(operationText(one, project.firstDay.zone), one.count);
  }
  const { create, update } = plan.summary;
  const rest = plan.omitted === 0 ? 0 : create + update - created - told.reduce((sum, { count }) => sum + count, 0);
  if (rest > 0) narrator.changed(`${rest.toLocaleString('en-US')} more limits, devices and units`, rest);
}

const KINDS: readonly Kind[] = ['group', 'restriction', 'device', 'assignment'];
const PLURALS: Readonly<Record<Kind, string>> = {
  group: 'groups changed',
  restriction: 'groups restricted',
  device: 'devices',
  assignment: 'units assigned',
};

interface ShownSection {
  readonly poolMode: string;
  readonly allotments: readonly { readonly units: Record<Resource, Limit>; readonly validUntil?: string | null }[];
}

function operationText({ kind, op, path, count, after }: Operation, zone: string): string {
  if (kind === 'restriction') {
    const { poolMode, allotments } = after as unknown as ShownSection;
    const units = allotments.map((allotment) => unitsText(allotment.units)).join(' + ');
    const ends = [...new Set(allotments.map(({ validUntil = null }) => dateText(validUntil, zone)))];
    const until = ends.map((end) => (end === 'no end' ? 'no end of its own' : `until ${end}`)).join(', ');
    return `${path}: ${units} (numbers/apps/UKEY2), ${until}, ${poolMode} pool`;
  }
  if (kind === 'device') {
    const { serialNumber, model } = after as { serialNumber: string; model: string };
    return `${op === 'create' ? '' : 'external id of the '}device ${serialNumber} (${model}) at ${path}`;
  }
  if (kind === 'assignment') {
    const name = RESOURCE_NAMES[(after as { resource: Resource }).resource];
    return op === 'create' ? `assigned ${count} ${name} at ${path}` : `external ids of ${count} ${name} at ${path}`;
  }
  return `${op} ${path}`;
}

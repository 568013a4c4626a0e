import {
  isSameName,
  RESOURCES,
  type Feature,
  type LicenseType,
  type PoolMode,
  type Reminder,
  type Units,
} from '@allotree/domain';
import pMap from 'p-map';
import type { ProjectApplication } from './apply.js';
import { secondsSince, type Node, type Tree } from './apply-groups.js';
import {
  levelsOf,
  type GroupEntry,
  type LevelEntry,
  type RehearsalEntry,
  type RestrictionEntry,
} from './project-file.js';
import { expectRefusal } from './show-refusals.js';
import { isSameBorder, resolveWhen, type FirstDay } from './terms.js';
import { dateText, unitsText } from './words.js';

interface CurrentAllotment {
  readonly allotmentId: string;
  readonly type: LicenseType;
  readonly units: Units;
  readonly features: readonly Feature[];
  readonly validFrom: string;
  readonly validUntil: string | null;
}

/** A restriction as the API shows it. */
export interface CurrentRestriction {
  readonly enabled: boolean;
  readonly poolMode: PoolMode;
  readonly gracePeriodDays: number;
  readonly allotments: readonly CurrentAllotment[];
  readonly reminder: Reminder | null;
}

const UNRESTRICTED: CurrentRestriction = {
  enabled: false,
  poolMode: 'shared',
  gracePeriodDays: 0,
  allotments: [],
  reminder: null,
};

/** How many requests are under way at once where many groups are restricted. */
const WIDTH = 24;
/** The number of groups from which a level is reported in one line. */
const FEW = 12;

/** The restrictions of a file, from the main group down: what is above binds what is below. */
export const applyRestrictions = async (application: ProjectApplication, tree: Tree): Promise<void> => {
  const { file, narrator } = application;
  narrator.begin('Restrictions, level by level');
  if (file.project.restriction) await applyAndTell(application, tree.root, file.project.restriction);
  await applyNamed(application, file.project.groups, tree.root);
  let parents: readonly Node[] = [tree.root];
  for (const { type, level } of levelsOf(file.project.generate ?? {})) {
    const groups = parents.flatMap(({ children }) => children.filter((child) => child.type === type));
    if (level.restriction)
      await applyToLevel(application, parents, {
        ...level,
        type,
        restriction: level.restriction,
        isFresh: tree.isFresh,
      });
    parents = groups;
  }
};

const applyNamed = async (
  application: ProjectApplication,
  groups: readonly GroupEntry[],
  parent: Node,
): Promise<void> => {
  for (const entry of groups) {
    const node = parent.children.find(({ name }) => isSameName(name, entry.name));
    if (!node) continue;
    if (entry.restriction) await applyAndTell(application, node, entry.restriction, entry.rehearsal);
    await applyNamed(application, entry.groups, node);
  }
};

const untilText = ({ allotments }: CurrentRestriction, zone: string): string => {
  const ends = allotments.map(({ validUntil }) => dateText(validUntil, zone));
  return [...new Set(ends)].map((end) => (end === 'no end' ? 'no end of its own' : `until ${end}`)).join(', ');
};

const applyAndTell = async (
  application: ProjectApplication,
  node: Node,
  restriction: RestrictionEntry,
  rehearsal?: RehearsalEntry,
): Promise<void> => {
  const { narrator, project } = application;
  const current = await read(application, node);
  if (rehearsal && current.allotments.length === 0) await rehearse(application, node, restriction, rehearsal);
  const isChanged = await put(application, node, restriction, current);
  const now = isChanged ? await read(application, node) : current;
  const units = now.allotments.map((allotment) => unitsText(allotment.units)).join(' + ');
  const line = `${node.path}: ${units} (numbers/apps/UKEY2), ${untilText(now, project.firstDay.zone)}, ${now.poolMode} pool`;
  if (isChanged) narrator.changed(line);
  else narrator.alreadySo(line);
};

interface RestrictedLevel extends LevelEntry {
  readonly type: string;
  readonly restriction: RestrictionEntry;
  readonly isFresh: boolean;
}

const applyToLevel = async (
  application: ProjectApplication,
  parents: readonly Node[],
  level: RestrictedLevel,
): Promise<void> => {
  const { narrator } = application;
  const nodes = parents.flatMap(({ children }) =>
    children.filter(({ type }) => type === level.type).slice(0, level.restrictedOfEach),
  );
  if (nodes.length <= FEW) {
    for (const node of nodes) await applyAndTell(application, node, level.restriction);
    return;
  }
  const started = performance.now();
  let changed = 0;
  const putOne = async (node: Node): Promise<void> => {
    const current = level.isFresh ? UNRESTRICTED : await read(application, node);
    if (await put(application, node, level.restriction, current)) changed += 1;
  };
  await pMap(nodes, putOne, { concurrency: WIDTH });
  const units = level.restriction.allotments.map((allotment) => unitsText(allotment.units)).join(' + ');
  const each = `${units} (numbers/apps/UKEY2) each`;
  const unchanged = nodes.length - changed;
  const count = (groups: number): string => `${groups.toLocaleString('en-US')} ${level.type} groups`;
  if (changed > 0) narrator.changed(`${count(changed)}: ${each}, in ${secondsSince(started)}`, changed);
  if (unchanged > 0) narrator.alreadySo(`${count(unchanged)}: ${each}`, unchanged);
};

const pathOf = ({ project }: ProjectApplication, node: Node): string =>
  `/projects/${project.projectId}/groups/${node.groupId}/restriction`;

const read = (application: ProjectApplication, node: Node): Promise<CurrentRestriction> =>
  application.api.get<CurrentRestriction>(pathOf(application, node));

/** Puts a restriction unless it is already so; says whether it did. */
const put = async (
  application: ProjectApplication,
  node: Node,
  wanted: RestrictionEntry,
  current: CurrentRestriction,
): Promise<boolean> => {
  const { firstDay } = application.project;
  if (isAlreadySo(current, wanted, firstDay)) return false;
  await application.api.put(pathOf(application, node), requestOf(wanted, firstDay, current));
  return true;
};

/** The request that puts a restriction of a file; allotments that stand keep their ids, in their order. */
export const requestOf = (wanted: RestrictionEntry, firstDay: FirstDay, current?: CurrentRestriction) => ({
  enabled: true,
  poolMode: wanted.poolMode,
  gracePeriodDays: wanted.gracePeriodDays,
  reminder: wanted.reminder,
  allotments: wanted.allotments.map((allotment, index) => ({
    ...allotment,
    allotmentId: current?.allotments[index]?.allotmentId,
    validFrom: resolveWhen(allotment.validFrom, firstDay),
    validUntil: resolveWhen(allotment.validUntil, firstDay),
  })),
});

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((member) => other.includes(member));

const isSameReminder = (one: Reminder | null, other: Reminder | null): boolean => {
  if (one === null || other === null) return one === other;
  const isSameDays = isSameSet(one.daysBefore.map(String), other.daysBefore.map(String));
  return isSameDays && one.recurrence === other.recurrence && one.recipients === other.recipients;
};

/** Whether a restriction that stands is the one of the file in every setting. */
export const isAlreadySo = (current: CurrentRestriction, wanted: RestrictionEntry, firstDay: FirstDay): boolean =>
  current.enabled &&
  current.poolMode === wanted.poolMode &&
  current.gracePeriodDays === wanted.gracePeriodDays &&
  isSameReminder(current.reminder, wanted.reminder) &&
  current.allotments.length === wanted.allotments.length &&
  requestOf(wanted, firstDay).allotments.every((allotment, index) =>
    isSameAllotment(current.allotments[index], allotment, firstDay),
  );

const isSameAllotment = (
  current: CurrentAllotment | undefined,
  wanted: ReturnType<typeof requestOf>['allotments'][number],
  { zone }: FirstDay,
): boolean =>
  current?.type === wanted.type &&
  RESOURCES.every((resource) => current.units[resource] === wanted.units[resource]) &&
  isSameSet(current.features, wanted.features) &&
  isSameBorder(current.validFrom, wanted.validFrom, 'from', zone) &&
  isSameBorder(current.validUntil, wanted.validUntil, 'until', zone);

/**
 * Shows what would be refused with another pool mode above. The mode above is really changed and put back; whatever breaks in
 * between, the next run puts back what the file says.
 */
const rehearse = async (
  application: ProjectApplication,
  node: Node,
  restriction: RestrictionEntry,
  rehearsal: RehearsalEntry,
): Promise<void> => {
  const { api, project } = application;
  const above = node.parent;
  if (!above) return;
  const current = await read(application, above);
  const putAbove = async (poolMode: PoolMode): Promise<void> => {
    await api.put(pathOf(application, above), { ...requestAgain(current), poolMode });
  };
  await putAbove(rehearsal.poolModeAbove);
  const call = {
    method: 'PUT',
    path: `${pathOf(application, node)}?dryRun=true`,
    body: requestOf(restriction, project.firstDay),
  };
  await expectRefusal(application, { title: rehearsal.title, refused: rehearsal.refused, call });
  await putAbove(current.poolMode);
};

/** What stands, as a request that changes nothing. */
export const requestAgain = ({ enabled, poolMode, gracePeriodDays, reminder, allotments }: CurrentRestriction) => ({
  enabled,
  poolMode,
  gracePeriodDays,
  reminder,
  allotments: allotments.map(({ allotmentId, type, units, features, validFrom, validUntil }) => ({
    allotmentId,
    type,
    units,
    features,
    validFrom,
    validUntil,
  })),
});

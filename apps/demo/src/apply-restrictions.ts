import type { PoolMode } from '@allotree/domain';
import pMap from 'p-map';
import type { ProjectApplication } from './apply.js';
import { secondsSince, type Node, type Tree } from './apply-groups.js';
import {
  isAlreadySo,
  requestOf,
  UNRESTRICTED,
  type CurrentSection,
  type LevelEntry,
  type RehearsalEntry,
  type RestrictionEntry,
} from '@allotree/project-file';
import { expectRefusal } from './show-refusals.js';
import { wantedRestrictions, type WantedRestriction } from './wanted-restrictions.js';
import { dateText, unitsText } from './words.js';

/** A restriction as the API shows it. */
export type CurrentRestriction = CurrentSection;

/** How many requests are under way at once where the restrictions of many groups are read. */
const WIDTH = 24;
/** The number of groups from which a level is reported in one line. */
const FEW = 12;
/** How many groups one request restricts. */
const BATCH = 5_000;

/** A restriction of the file and the one that stands at its group. */
interface Wanted extends WantedRestriction {
  readonly current: CurrentRestriction;
}

/** The restrictions of a file: those that differ are put with one request, decided on the state after all of them. */
export const applyRestrictions = async (application: ProjectApplication, tree: Tree): Promise<void> => {
  const { file, narrator, project } = application;
  narrator.begin('Restrictions, in one request');
  const entries = wantedRestrictions(file, tree);
  const wanted = await pMap(
    entries,
    async (entry): Promise<Wanted> => {
      const isNew = entry.level !== undefined && tree.isFresh;
      return { ...entry, current: isNew ? UNRESTRICTED : await read(application, entry.node) };
    },
    { concurrency: WIDTH },
  );
  const changed = wanted.filter(({ restriction, current }) => !isAlreadySo(current, restriction, project.firstDay));
  const started = performance.now();
  await putAround(application, changed);
  const took = secondsSince(started);
  await tell(application, wanted, new Set(changed.map(({ node }) => node)));
  if (changed.length > FEW)
    narrator.note(`${changed.length.toLocaleString('en-US')} groups were restricted in ${took}`);
};

/** Puts the restrictions. One that is to be rehearsed waits, with those below it, until the others are there. */
const putAround = async (application: ProjectApplication, changed: readonly Wanted[]): Promise<void> => {
  const rehearsed = changed.filter(({ rehearsal, current }) => rehearsal && current.allotments.length === 0);
  const waits = (node: Node): boolean => rehearsed.some((one) => isAtOrBelow(node, one.node));
  await putAll(
    application,
    changed.filter(({ node }) => !waits(node)),
  );
  for (const { node, restriction, rehearsal } of rehearsed)
    if (rehearsal) await rehearse(application, node, restriction, rehearsal);
  await putAll(
    application,
    changed.filter(({ node }) => waits(node)),
  );
};

const isAtOrBelow = (node: Node | null, above: Node): boolean =>
  node !== null && (node === above || isAtOrBelow(node.parent, above));

/** From the top down, because a batch of its own cannot exceed what stands above it. */
const putAll = async ({ api, project }: ProjectApplication, changed: readonly Wanted[]): Promise<void> => {
  for (let start = 0; start < changed.length; start += BATCH) {
    const restrictions = changed.slice(start, start + BATCH).map(({ node, restriction, current }) => ({
      groupId: node.groupId,
      ...requestOf(restriction, project.firstDay, current),
    }));
    await api.put(`/projects/${project.projectId}/restrictions`, { restrictions });
  }
};

/** One line for each group, and one for a level of many groups. */
const tell = async (
  application: ProjectApplication,
  wanted: readonly Wanted[],
  changed: ReadonlySet<Node>,
): Promise<void> => {
  const levels = new Map<LevelEntry, Wanted[]>();
  for (const one of wanted) if (one.level) levels.set(one.level, [...(levels.get(one.level) ?? []), one]);
  for (const one of wanted) {
    const groups = one.level ? levels.get(one.level)! : [];
    if (groups.length <= FEW) await tellGroup(application, one, changed.has(one.node));
    else if (groups[0] === one) tellLevel(application, groups, changed);
  }
};

const untilText = ({ allotments }: CurrentRestriction, zone: string): string => {
  const ends = allotments.map(({ validUntil }) => dateText(validUntil, zone));
  return [...new Set(ends)].map((end) => (end === 'no end' ? 'no end of its own' : `until ${end}`)).join(', ');
};

const tellGroup = async (
  application: ProjectApplication,
  { node, current }: Wanted,
  isChanged: boolean,
): Promise<void> => {
  const { narrator, project } = application;
  const now = isChanged ? await read(application, node) : current;
  const units = now.allotments.map((allotment) => unitsText(allotment.units)).join(' + ');
  const line = `${node.path}: ${units} (numbers/apps/UKEY2), ${untilText(now, project.firstDay.zone)}, ${now.poolMode} pool`;
  if (isChanged) narrator.changed(line);
  else narrator.alreadySo(line);
};

const tellLevel = ({ narrator }: ProjectApplication, groups: readonly Wanted[], changed: ReadonlySet<Node>): void => {
  const [{ restriction, node: first }] = groups as readonly [Wanted];
  const units = restriction.allotments.map((allotment) => unitsText(allotment.units)).join(' + ');
  const text = (count: number): string =>
    `${count.toLocaleString('en-US')} ${first.type} groups: ${units} (numbers/apps/UKEY2) each`;
  const done = groups.filter(({ node }) => changed.has(node)).length;
  if (done > 0) narrator.changed(text(done), done);
  if (done < groups.length) narrator.alreadySo(text(groups.length - done), groups.length - done);
};

const pathOf = ({ project }: ProjectApplication, node: Node): string =>
  `/projects/${project.projectId}/groups/${node.groupId}/restriction`;

const read = (application: ProjectApplication, node: Node): Promise<CurrentRestriction> =>
  application.api.get<CurrentRestriction>(pathOf(application, node));

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

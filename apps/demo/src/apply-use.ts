import type { DeviceItem } from '@allotree/contracts';
import { nameKey, serialKey } from '@allotree/domain';
import pMap from 'p-map';
import type { ProjectApplication } from './apply.js';
import { nodeAt, type Node, type Tree } from './apply-groups.js';
import { nameOf, type AssignmentEntry } from '@allotree/project-file';
import { RESOURCE_NAMES } from './words.js';

interface Assignment {
  readonly resource: string;
  readonly label: string | null;
}

/** The devices of a file, and the units that are in use. */
export const applyUse = async (application: ProjectApplication, tree: Tree): Promise<void> => {
  application.narrator.begin('Devices, each with its Basic license, and units in use');
  await applyDevices(application, tree);
  const wanted = await pMap(
    application.file.assignments,
    (entry) => missingOf(application, nodeAt(tree, entry.group), entry),
    {
      concurrency: WIDTH,
    },
  );
  await assign(
    application,
    wanted.flatMap(({ lines }) => lines),
  );
  for (const { entry, lines } of wanted) tellAssignments(application, entry, lines.length);
};

/** Units that one request assigns. */
const BATCH = 1_000;
/** How many requests are under way at once where groups are read. */
const WIDTH = 8;

interface Line {
  readonly groupId: string;
  readonly resource: string;
  readonly label: string;
  readonly externalId?: string;
}

/** Each batch is assigned as a whole or not at all. */
const assign = async ({ api, project }: ProjectApplication, lines: readonly Line[]): Promise<void> => {
  for (let start = 0; start < lines.length; start += BATCH)
    await api.post(`/projects/${project.projectId}/assignments`, { assignments: lines.slice(start, start + BATCH) });
};

const applyDevices = async ({ api, file, narrator, project }: ProjectApplication, tree: Tree): Promise<void> => {
  for (const { group, serialNumber, model, claimCode, externalId } of file.devices) {
    const path = `/projects/${project.projectId}/groups/${nodeAt(tree, group).groupId}/devices`;
    const current = await api.list<DeviceItem>(path);
    const device = `device ${serialNumber} (${model}) at ${group}`;
    const found = current.find((item) => serialKey(item.serialNumber) === serialKey(serialNumber));
    if (!found) {
      const optional = {
        ...(claimCode !== undefined && { claimCode }),
        ...(externalId !== undefined && { externalId }),
      };
      await api.post(path, { serialNumber, model, ...optional });
      narrator.changed(device);
    } else if (externalId === undefined || externalId === found.externalId) {
      narrator.alreadySo(device);
    } else {
      await api.patch(`${path}/${found.serialNumber}`, { externalId });
      narrator.changed(`external id of the ${device}`);
    }
  }
};

/** The units of an entry that are not assigned yet; they are found by their labels. */
const missingOf = async (
  { api, project }: ProjectApplication,
  { groupId }: Node,
  entry: AssignmentEntry,
): Promise<{ entry: AssignmentEntry; lines: Line[] }> => {
  const { resource } = entry;
  const current = await api.list<Assignment>(`/projects/${project.projectId}/groups/${groupId}/assignments`);
  const labels = new Set(current.filter((one) => one.resource === resource).map(({ label }) => nameKey(label ?? '')));
  const lines = Array.from({ length: entry.count }, (_, index): Line => {
    const number = entry.firstNumber + index;
    const line = { groupId, resource, label: nameOf(entry.label ?? `${resource} {n}`, number) };
    return entry.externalId === undefined ? line : { ...line, externalId: nameOf(entry.externalId, number) };
  });
  return { entry, lines: lines.filter(({ label }) => !labels.has(nameKey(label))) };
};

const tellAssignments = ({ narrator }: ProjectApplication, entry: AssignmentEntry, missing: number): void => {
  const text = (count: number): string => `${count} ${RESOURCE_NAMES[entry.resource]} at ${entry.group}`;
  const unchanged = entry.count - missing;
  if (missing > 0) narrator.changed(`assigned ${text(missing)}`, missing);
  if (unchanged > 0) narrator.alreadySo(`${text(unchanged)} are assigned`, unchanged);
};

import type { DeviceItem } from '@allotree/contracts';
import { nameKey, serialKey } from '@allotree/domain';
import type { ProjectApplication } from './apply.js';
import { nodeAt, type Node, type Tree } from './apply-groups.js';
import { nameOf, type AssignmentEntry } from './project-file.js';
import { RESOURCE_NAMES } from './words.js';

interface Assignment {
  readonly resource: string;
  readonly label: string | null;
}

/** The devices of a file, and the units that are in use. */
export const applyUse = async (application: ProjectApplication, tree: Tree): Promise<void> => {
  application.narrator.begin('Devices, each with its Basic license, and units in use');
  await applyDevices(application, tree);
  for (const entry of application.file.assignments)
    await applyAssignments(application, nodeAt(tree, entry.group), entry);
};

const applyDevices = async ({ api, file, narrator, project }: ProjectApplication, tree: Tree): Promise<void> => {
  for (const { group, serialNumber, model, claimCode } of file.devices) {
    const path = `/projects/${project.projectId}/groups/${nodeAt(tree, group).groupId}/devices`;
    const current = await api.list<DeviceItem>(path);
    const device = `device ${serialNumber} (${model}) at ${group}`;
    if (current.some((item) => serialKey(item.serialNumber) === serialKey(serialNumber))) {
      narrator.alreadySo(device);
    } else {
      await api.post(path, { serialNumber, model, ...(claimCode !== undefined && { claimCode }) });
      narrator.changed(device);
    }
  }
};

const applyAssignments = async (application: ProjectApplication, node: Node, entry: AssignmentEntry): Promise<void> => {
  const { api, narrator, project } = application;
  const path = `/projects/${project.projectId}/groups/${node.groupId}/assignments`;
  const current = await api.list<Assignment>(path);
  const labels = new Set(
    current.filter(({ resource }) => resource === entry.resource).map(({ label }) => nameKey(label ?? '')),
  );
  const wanted = Array.from({ length: entry.count }, (_, index) => nameOf(entry.label, entry.firstNumber + index));
  const missing = wanted.filter((label) => !labels.has(nameKey(label)));
  // One after another: the order of creation says which are suspended first when a limit falls.
  for (const label of missing) await api.post(path, { resource: entry.resource, label });
  const text = (count: number): string => `${count} ${RESOURCE_NAMES[entry.resource]} at ${entry.group}`;
  const unchanged = wanted.length - missing.length;
  if (missing.length > 0) narrator.changed(`assigned ${text(missing.length)}`, missing.length);
  if (unchanged > 0) narrator.alreadySo(`${text(unchanged)} are assigned`, unchanged);
};

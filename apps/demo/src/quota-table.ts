import { nameKey, RESOURCES, type Limit, type Resource, type Status } from '@allotree/domain';
import Table from 'cli-table3';
import pMap from 'p-map';
import type { ProjectApplication } from './apply.js';
import type { Node, Tree } from './tree.js';
import { PATH_SEPARATOR } from '@allotree/project-file';
import { dateText, limitText } from './words.js';

interface Quota {
  readonly status: Status;
  readonly resources: Readonly<
    Record<
      Resource,
      {
        readonly limit: Limit;
        readonly effectiveLimit: Limit;
        readonly limitedBy: { readonly name: string } | null;
        readonly consumed: number;
        readonly suspended: number;
        readonly available: Limit;
      }
    >
  >;
  readonly effectivePeriod: { readonly validUntil: string | null };
}

/** A tree up to this size is shown whole, a larger one where its file touches it. */
const SHOWN_WHOLE = 40;

/** The groups a reader wants to see: all of a small tree; of a large one those with devices or use, and the way to them. */
const shownNodes = ({ file }: ProjectApplication, { byPath }: Tree): ReadonlySet<Node> => {
  if (byPath.size <= SHOWN_WHOLE) return new Set(byPath.values());
  const shown = new Set<Node>();
  for (const { group } of [...file.devices, ...file.assignments]) {
    for (let node = byPath.get(nameKey(group)) ?? null; node !== null; node = node.parent) shown.add(node);
  }
  return shown;
};

const quotasOf = async ({ api, project }: ProjectApplication, nodes: ReadonlySet<Node>): Promise<Map<Node, Quota>> => {
  const quotas = new Map<Node, Quota>();
  const readOne = async (node: Node): Promise<void> => {
    quotas.set(node, await api.get<Quota>(`/projects/${project.projectId}/groups/${node.groupId}/quota`));
  };
  await pMap(nodes, readOne, { concurrency: 8 });
  return quotas;
};

const resourceCell = (quota: Quota, resource: Resource): string => {
  const { consumed, effectiveLimit, available, suspended } = quota.resources[resource];
  const free = available === null ? '' : `, ${limitText(available)} free`;
  const asleep = suspended === 0 ? '' : `, ${limitText(suspended)} suspended`;
  return `${limitText(consumed)} of ${limitText(effectiveLimit)}${free}${asleep}`;
};

const depthOf = ({ path, parent }: Node): number => (parent === null ? 0 : path.split(PATH_SEPARATOR).length);

/** The quota of the project's groups, one row each, in the order of the tree. */
export const quotaTable = async (application: ProjectApplication, tree: Tree): Promise<string> => {
  const { zone } = application.project.firstDay;
  const shown = shownNodes(application, tree);
  const quotas = await quotasOf(application, shown);
  const table = new Table({
    head: ['Group', 'Status', 'Virtual numbers', 'Mobile apps', 'UKEY2', 'Numbers limited by', 'As it is until'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const addRows = (node: Node): void => {
    const quota = quotas.get(node);
    const indent = '  '.repeat(depthOf(node));
    if (quota) {
      const cells = RESOURCES.map((resource) => resourceCell(quota, resource));
      const { limitedBy } = quota.resources.sip_number;
      table.push([
        `${indent}${node.name}`,
        quota.status,
        ...cells,
        limitedBy?.name ?? '-',
        dateText(quota.effectivePeriod.validUntil, zone),
      ]);
    }
    for (const child of node.children) if (shown.has(child)) addRows(child);
    const hidden = node.children.filter((child) => !shown.has(child)).length;
    if (hidden > 0 && quota) table.push([`${indent}  ... ${limitText(hidden)} more`, '', '', '', '', '', '']);
  };
  addRows(tree.root);
  return table.toString();
};

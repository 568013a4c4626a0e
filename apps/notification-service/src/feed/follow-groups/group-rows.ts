import { insertRows } from '@allotree/platform';
import type { GroupsEvent, GroupsEventData, GroupsEventType } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';

type Writers = {
  readonly [Type in GroupsEventType]?: (tx: EntityManager, data: GroupsEventData<Type>) => Promise<unknown>;
};

const GROUP_COLUMNS = { project_id: 'text', group_id: 'text', parent_id: 'text', name: 'text', removed: 'boolean' };

type Placed = { readonly groupId: string; readonly parentId: string | null; readonly name: string };

const placeGroups = (tx: EntityManager, projectId: string, groups: readonly Placed[]): Promise<void> => {
  const rows = groups.map(({ groupId, parentId, name }) => ({
    project_id: projectId,
    group_id: groupId,
    parent_id: parentId,
    name,
    removed: false,
  }));
  return insertRows(tx, 'notifications.group_node', GROUP_COLUMNS, rows, {
    key: ['project_id', 'group_id'],
    keep: [],
  });
};

const PARTNER = { partner_id: 'text', tenant_id: 'text', name: 'text' };
const ADMINISTRATOR = { administrator_email: 'text', administrator_name: 'text' };

const WRITERS: Writers = {
  'allotree.partner-registered.v1': (tx, { partnerId, tenantId, name, administrator }) =>
    insertRows(
      tx,
      'notifications.partner',
      { ...PARTNER, ...ADMINISTRATOR },
      [
        {
          partner_id: partnerId,
          tenant_id: tenantId,
          name,
          administrator_email: administrator?.email ?? null,
          administrator_name: administrator?.name ?? null,
        },
      ],
      { key: ['partner_id'], keep: [] },
    ),
  'allotree.project-created.v1': async (tx, { projectId, tenantId, partnerId, name }) => {
    await insertRows(
      tx,
      'notifications.project',
      { project_id: 'text', tenant_id: 'text', partner_id: 'text' },
      [{ project_id: projectId, tenant_id: tenantId, partner_id: partnerId }],
      { key: ['project_id'], keep: [] },
    );
    await placeGroups(tx, projectId, [{ groupId: projectId, parentId: null, name }]);
  },
  'allotree.groups-placed.v1': (tx, { projectId, groups }) => placeGroups(tx, projectId, groups),
  'allotree.group-changed.v1': (tx, { projectId, groupId, name }) =>
    tx.query('UPDATE notifications.group_node SET name = $3 WHERE project_id = $1 AND group_id = $2', [
      projectId,
      groupId,
      name,
    ]),
  'allotree.group-moved.v1': (tx, { projectId, groupId, parentId }) =>
    tx.query('UPDATE notifications.group_node SET parent_id = $3 WHERE project_id = $1 AND group_id = $2', [
      projectId,
      groupId,
      parentId,
    ]),
  'allotree.group-removed.v1': (tx, { projectId, groupId }) =>
    tx.query(
      `WITH RECURSIVE gone AS (
         SELECT group_id FROM notifications.group_node WHERE project_id = $1 AND group_id = $2
         UNION
         SELECT below.group_id FROM notifications.group_node below JOIN gone ON below.parent_id = gone.group_id
         WHERE below.project_id = $1
       ), left_behind AS (
         DELETE FROM notifications.member WHERE project_id = $1 AND group_id IN (SELECT group_id FROM gone)
       )
       UPDATE notifications.group_node SET removed = true
       WHERE project_id = $1 AND group_id IN (SELECT group_id FROM gone)`,
      [projectId, groupId],
    ),
  'allotree.member-added.v1': (tx, { projectId, memberId, groupId, email, name, role }) =>
    insertRows(
      tx,
      'notifications.member',
      { project_id: 'text', member_id: 'text', group_id: 'text', email: 'text', name: 'text', role: 'text' },
      [{ project_id: projectId, member_id: memberId, group_id: groupId, email, name, role }],
      { key: ['project_id', 'member_id'], keep: [] },
    ),
  'allotree.member-removed.v1': (tx, { projectId, memberId }) =>
    tx.query('DELETE FROM notifications.member WHERE project_id = $1 AND member_id = $2', [projectId, memberId]),
};

/** Writes down what an event says about groups and the people in them. */
export async function record(tx: EntityManager, event: GroupsEvent): Promise<void> {
  const write = WRITERS[event.type] as ((tx: EntityManager, data: GroupsEvent['data']) => Promise<unknown>) | undefined;
  await write?.(tx, event.data);
}

import { insertRows, onRows } from '@allotree/read-models';
import type { GroupsEvent, GroupsEventData, GroupsEventType } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';

/** A change to a row: `sequence` identifies its event, so that no event undoes a later one. */
interface Change {
  readonly tx: EntityManager;
  readonly sequence: number;
}

type Writers = {
  readonly [Type in GroupsEventType]?: (change: Change, data: GroupsEventData<Type>) => Promise<unknown>;
};

type Placed = { readonly groupId: string; readonly parentId: string | null; readonly name: string };

/** An event can be older than one column of a row and newer than another. */
const newer = (column: string): string => `
  ${column} = CASE WHEN node.${column}_sequence <= excluded.${column}_sequence THEN excluded.${column} ELSE node.${column} END,
  ${column}_sequence = greatest(node.${column}_sequence, excluded.${column}_sequence)`;

const placeGroups = ({ tx, sequence }: Change, projectId: string, groups: readonly Placed[]): Promise<void> =>
  onRows(
    tx,
    { project_id: 'text', group_id: 'text', parent_id: 'text', name: 'text', sequence: 'bigint' },
    groups.map(({ groupId, parentId, name }) => ({
      project_id: projectId,
      group_id: groupId,
      parent_id: parentId,
      name,
      sequence,
    })),
    (given) => `
      INSERT INTO notifications.group_node AS node
        (project_id, group_id, parent_id, parent_id_sequence, name, name_sequence, removed, removed_sequence)
      SELECT project_id, group_id, parent_id, sequence, name, sequence, false, sequence FROM ${given}
      ON CONFLICT (project_id, group_id) DO UPDATE SET
        ${['parent_id', 'name', 'removed'].map(newer).join(',')}`,
  );

/** Who left stays known without a name, so that an older event does not bring them back. */
const WITHOUT_NAME = "removed = true, email = '', name = '', user_id = NULL";

const WRITERS: Writers = {
  'allotree.partner-registered.v1': ({ tx }, { partnerId, tenantId, name, administrator }) =>
    insertRows(
      tx,
      'notifications.partner',
      {
        partner_id: 'text',
        tenant_id: 'text',
        name: 'text',
        administrator_email: 'text',
        administrator_name: 'text',
        administrator_id: 'text',
      },
      [
        {
          partner_id: partnerId,
          tenant_id: tenantId,
          name,
          administrator_email: administrator?.email ?? null,
          administrator_name: administrator?.name ?? null,
          administrator_id: administrator?.userId ?? null,
        },
      ],
      { key: ['partner_id'], keep: [] },
    ),
  'allotree.partner-administrator-added.v1': ({ tx, sequence }, { partnerId, tenantId, userId, email, name, role }) =>
    tx.query(
      `INSERT INTO notifications.partner_administrator AS known (partner_id, user_id, tenant_id, email, name, role, sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (partner_id, user_id) DO UPDATE SET tenant_id = excluded.tenant_id, email = excluded.email,
         name = excluded.name, role = excluded.role, removed = false, sequence = excluded.sequence
       WHERE known.sequence <= excluded.sequence`,
      [partnerId, userId, tenantId, email, name, role, sequence],
    ),
  'allotree.partner-administrator-removed.v1': ({ tx, sequence }, { partnerId, userId }) =>
    tx.query(
      `INSERT INTO notifications.partner_administrator AS known
         (partner_id, user_id, tenant_id, email, name, role, removed, sequence)
       VALUES ($1, $2, $1, '', '', '', true, $3)
       ON CONFLICT (partner_id, user_id) DO UPDATE SET email = '', name = '', removed = true, sequence = excluded.sequence
       WHERE known.sequence <= excluded.sequence`,
      [partnerId, userId, sequence],
    ),
  'allotree.project-created.v1': async (change, { projectId, tenantId, partnerId, name }) => {
    await insertRows(
      change.tx,
      'notifications.project',
      { project_id: 'text', tenant_id: 'text', partner_id: 'text' },
      [{ project_id: projectId, tenant_id: tenantId, partner_id: partnerId }],
      { key: ['project_id'], keep: [] },
    );
    await placeGroups(change, projectId, [{ groupId: projectId, parentId: null, name }]);
  },
  'allotree.groups-placed.v1': (change, { projectId, groups }) => placeGroups(change, projectId, groups),
  'allotree.group-changed.v1': ({ tx, sequence }, { projectId, groupId, name }) =>
    tx.query(
      `UPDATE notifications.group_node SET name = $3, name_sequence = $4
       WHERE project_id = $1 AND group_id = $2 AND name_sequence <= $4`,
      [projectId, groupId, name, sequence],
    ),
  'allotree.group-moved.v1': ({ tx, sequence }, { projectId, groupId, parentId }) =>
    tx.query(
      `UPDATE notifications.group_node SET parent_id = $3, parent_id_sequence = $4
       WHERE project_id = $1 AND group_id = $2 AND parent_id_sequence <= $4`,
      [projectId, groupId, parentId, sequence],
    ),
  'allotree.group-removed.v1': ({ tx, sequence }, { projectId, groupId }) =>
    tx.query(
      `WITH RECURSIVE gone AS (
         SELECT group_id FROM notifications.group_node WHERE project_id = $1 AND group_id = $2
         UNION
         SELECT below.group_id FROM notifications.group_node below JOIN gone ON below.parent_id = gone.group_id
         WHERE below.project_id = $1
       ), left_behind AS (
         UPDATE notifications.member SET ${WITHOUT_NAME}, sequence = $3
         WHERE project_id = $1 AND group_id IN (SELECT group_id FROM gone) AND sequence <= $3
       )
       UPDATE notifications.group_node SET removed = true, removed_sequence = $3
       WHERE project_id = $1 AND group_id IN (SELECT group_id FROM gone) AND removed_sequence <= $3`,
      [projectId, groupId, sequence],
    ),
  'allotree.member-added.v1': ({ tx, sequence }, { projectId, memberId, groupId, userId, email, name, role }) =>
    tx.query(
      `INSERT INTO notifications.member AS member (project_id, member_id, group_id, email, name, role, sequence, user_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (project_id, member_id) DO UPDATE SET group_id = excluded.group_id, email = excluded.email,
         name = excluded.name, role = excluded.role, removed = false, sequence = excluded.sequence, user_id = excluded.user_id
       WHERE member.sequence <= excluded.sequence`,
      [projectId, memberId, groupId, email, name, role, sequence, userId],
    ),
  'allotree.member-removed.v1': ({ tx, sequence }, { projectId, memberId, groupId, role }) =>
    tx.query(
      `INSERT INTO notifications.member AS member (project_id, member_id, group_id, email, name, role, removed, sequence)
       VALUES ($1, $2, $3, '', '', $4, true, $5)
       ON CONFLICT (project_id, member_id) DO UPDATE SET ${WITHOUT_NAME}, sequence = excluded.sequence
       WHERE member.sequence <= excluded.sequence`,
      [projectId, memberId, groupId, role, sequence],
    ),
  'allotree.user-changed.v1': async ({ tx, sequence }, { userId, active, language }) => {
    if (active !== undefined)
      await tx.query(
        `INSERT INTO notifications.account AS account (user_id, active, sequence) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET active = excluded.active, sequence = excluded.sequence
         WHERE account.sequence <= excluded.sequence`,
        [userId, active, sequence],
      );
    if (language !== undefined)
      await tx.query(
        `INSERT INTO notifications.account AS account (user_id, language, language_sequence) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET language = excluded.language, language_sequence = excluded.language_sequence
         WHERE account.language_sequence <= excluded.language_sequence`,
        [userId, language, sequence],
      );
  },
};

/** Events that were published without one are taken in the order in which they come. */
const NO_SEQUENCE = -1;

/** Writes down what an event says about groups and the people in them. */
export async function record(tx: EntityManager, event: GroupsEvent): Promise<void> {
  const sequence = event.sequence === undefined ? NO_SEQUENCE : Number(event.sequence);
  const write = WRITERS[event.type] as ((change: Change, data: GroupsEvent['data']) => Promise<unknown>) | undefined;
  await write?.({ tx, sequence }, event.data);
}

import { insertRows, lastOf, onRows } from '@allotree/read-models';
import { generatedGroups, type GroupFacts, type TreeEventOf } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { ordinal, type Fact } from './fact.js';

const GROUP_COLUMNS = {
  project_id: 'text',
  group_id: 'text',
  tenant_id: 'text',
  parent_id: 'text',
  type: 'text',
  name: 'text',
  external_id: 'text',
  ordinal: 'bigint',
};

type Placing = TreeEventOf<'ProjectCreated' | 'GroupCreated' | 'GroupsGenerated' | 'SubtreeAdopted'>;

type PlacedGroup = Omit<GroupFacts, 'parentId'> & { readonly parentId: string | null };

const placedGroups = (event: Placing): readonly PlacedGroup[] => {
  if (event.type === 'GroupsGenerated' || event.type === 'SubtreeAdopted') return generatedGroups(event.data);
  if (event.type === 'GroupCreated') return [event.data];
  return [{ groupId: event.data.projectId, parentId: null, type: 'company', name: event.data.name }];
};

export const insertGroups = (tx: EntityManager, facts: readonly Fact<Placing>[]): Promise<void> => {
  const rows = facts.flatMap((fact) =>
    placedGroups(fact.event).map(({ groupId, parentId, type, name, externalId }, index) => ({
      project_id: fact.projectId,
      group_id: groupId,
      tenant_id: fact.tenantId,
      parent_id: parentId,
      type,
      name,
      external_id: externalId ?? null,
      ordinal: ordinal(fact, index),
    })),
  );
  return insertRows(tx, 'groups.group_node', GROUP_COLUMNS, rows);
};

export const insertProjects = async (
  tx: EntityManager,
  facts: readonly Fact<TreeEventOf<'ProjectCreated'>>[],
): Promise<void> => {
  const rows = facts.map((fact) => ({
    project_id: fact.projectId,
    tenant_id: fact.tenantId,
    partner_id: fact.event.data.partnerId,
    name: fact.event.data.name,
    time_zone: fact.event.data.timeZone,
    billing_mode: fact.event.data.billingMode,
    created_at: fact.at,
    ordinal: ordinal(fact),
  }));
  const columns = {
    project_id: 'text',
    tenant_id: 'text',
    partner_id: 'text',
    name: 'text',
    time_zone: 'text',
    billing_mode: 'text',
    created_at: 'timestamptz',
    ordinal: 'bigint',
  };
  await insertRows(tx, 'groups.project', columns, rows);
  await insertGroups(tx, facts);
};

export const closeProjects = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'ProjectClosed'>>[]): Promise<void> =>
  onRows(
    tx,
    { project_id: 'text', reason: 'text' },
    facts.map(({ projectId, event }) => ({ project_id: projectId, reason: event.data.reason })),
    (given) =>
      `UPDATE groups.project project SET closed_reason = given.reason FROM ${given} WHERE project.project_id = given.project_id`,
  );

export const changeDetails = async (
  tx: EntityManager,
  facts: readonly Fact<TreeEventOf<'GroupDetailsChanged'>>[],
): Promise<void> => {
  const columns = { project_id: 'text', group_id: 'text', type: 'text', name: 'text' };
  const changed = facts.map(({ projectId, event: { data } }) => ({
    project_id: projectId,
    group_id: data.groupId,
    type: data.type,
    name: data.name,
  }));
  const rows = lastOf(changed, ['project_id', 'group_id']);
  await onRows(
    tx,
    columns,
    rows,
    (given) => `UPDATE groups.group_node node SET type = given.type, name = given.name FROM ${given}
      WHERE node.project_id = given.project_id AND node.group_id = given.group_id`,
  );
  const identified = changed
    .map((row, index) => ({ ...row, external_id: facts[index]?.event.data.externalId }))
    .filter(({ external_id }) => external_id !== undefined);
  await onRows(
    tx,
    { project_id: 'text', group_id: 'text', external_id: 'text' },
    lastOf(identified, ['project_id', 'group_id']),
    (given) => `UPDATE groups.group_node node SET external_id = given.external_id FROM ${given}
      WHERE node.project_id = given.project_id AND node.group_id = given.group_id`,
  );
  const roots = rows.filter((row) => row.group_id === row.project_id);
  await onRows(
    tx,
    columns,
    roots,
    (given) =>
      `UPDATE groups.project project SET name = given.name FROM ${given} WHERE project.project_id = given.project_id`,
  );
};

export const moveGroups = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'GroupMoved'>>[]): Promise<void> => {
  const moved = facts.map(({ projectId, event: { data } }) => ({
    project_id: projectId,
    group_id: data.groupId,
    parent_id: data.parentId,
  }));
  return onRows(
    tx,
    { project_id: 'text', group_id: 'text', parent_id: 'text' },
    lastOf(moved, ['project_id', 'group_id']),
    (given) => `UPDATE groups.group_node node SET parent_id = given.parent_id FROM ${given}
      WHERE node.project_id = given.project_id AND node.group_id = given.group_id`,
  );
};

export const removeSubtrees = async (
  tx: EntityManager,
  facts: readonly Fact<TreeEventOf<'SubtreeRemoved'>>[],
): Promise<void> => {
  await onRows(
    tx,
    { project_id: 'text', group_id: 'text' },
    facts.map(({ projectId, event }) => ({ project_id: projectId, group_id: event.data.groupId })),
    (given) => `
      WITH RECURSIVE gone AS (
        SELECT given.project_id, given.group_id FROM ${given}
        UNION
        SELECT node.project_id, node.group_id FROM groups.group_node node
        JOIN gone ON node.project_id = gone.project_id AND node.parent_id = gone.group_id
      ), members AS (
        DELETE FROM groups.member member USING gone
        WHERE member.project_id = gone.project_id AND member.group_id = gone.group_id
      )
      DELETE FROM groups.group_node node USING gone
      WHERE node.project_id = gone.project_id AND node.group_id = gone.group_id`,
  );
};

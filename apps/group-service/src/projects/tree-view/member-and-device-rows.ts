import { insertRows, lastOf, onRows } from '@allotree/read-models';
import type { TreeEventOf } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { ordinal, type Fact } from './fact.js';

const MEMBER_COLUMNS = {
  project_id: 'text',
  member_id: 'text',
  tenant_id: 'text',
  group_id: 'text',
  user_id: 'text',
  email: 'text',
  name: 'text',
  role: 'text',
  external_id: 'text',
  added_at: 'timestamptz',
  ordinal: 'bigint',
};

/** In two statements where one member comes twice: a statement must not meet one row twice. */
const insertMembers = async (
  tx: EntityManager,
  rows: readonly Record<keyof typeof MEMBER_COLUMNS, string | null>[],
): Promise<void> => {
  const seen = new Set<string>();
  const again = rows.filter((row) => {
    const key = `${row.project_id}\n${row.member_id}`;
    return seen.has(key) || !seen.add(key);
  });
  const first = again.length === 0 ? rows : rows.filter((row) => !again.includes(row));
  const upsert = { key: ['project_id', 'member_id'], keep: ['added_at', 'ordinal'] };
  await insertRows(tx, 'groups.member', MEMBER_COLUMNS, first, upsert);
  await insertRows(tx, 'groups.member', MEMBER_COLUMNS, lastOf(again, ['project_id', 'member_id']), upsert);
};

export const addMembers = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'MemberAdded'>>[]): Promise<void> => {
  const rows = facts.map((fact) => ({
    project_id: fact.projectId,
    member_id: fact.event.data.memberId,
    tenant_id: fact.tenantId,
    group_id: fact.event.data.groupId,
    user_id: fact.event.data.userId,
    email: fact.event.data.email,
    name: fact.event.data.name,
    role: fact.event.data.role,
    external_id: fact.event.data.externalId ?? null,
    added_at: fact.at,
    ordinal: ordinal(fact),
  }));
  return insertMembers(tx, rows);
};

export const removeMembers = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'MemberRemoved'>>[]): Promise<void> =>
  onRows(
    tx,
    { project_id: 'text', member_id: 'text' },
    facts.map(({ projectId, event }) => ({ project_id: projectId, member_id: event.data.memberId })),
    (given) => `DELETE FROM groups.member member USING ${given}
      WHERE member.project_id = given.project_id AND member.member_id = given.member_id`,
  );

export const addDevices = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'DeviceAdded'>>[]): Promise<void> => {
  const columns = {
    project_id: 'text',
    serial_number: 'text',
    tenant_id: 'text',
    group_id: 'text',
    model: 'text',
    external_id: 'text',
    added_at: 'timestamptz',
    ordinal: 'bigint',
  };
  const rows = facts.map((fact) => ({
    project_id: fact.projectId,
    serial_number: fact.event.data.serialNumber,
    tenant_id: fact.tenantId,
    group_id: fact.event.data.groupId,
    model: fact.event.data.model,
    external_id: fact.event.data.externalId ?? null,
    added_at: fact.at,
    ordinal: ordinal(fact),
  }));
  return insertRows(tx, 'groups.device', columns, rows);
};

export const changeDevices = (
  tx: EntityManager,
  facts: readonly Fact<TreeEventOf<'DeviceExternalIdChanged'>>[],
): Promise<void> => {
  const changed = facts.map(({ projectId, event: { data } }) => ({
    project_id: projectId,
    serial_number: data.serialNumber,
    external_id: data.externalId,
  }));
  return onRows(
    tx,
    { project_id: 'text', serial_number: 'text', external_id: 'text' },
    lastOf(changed, ['project_id', 'serial_number']),
    (given) => `UPDATE groups.device device SET external_id = given.external_id FROM ${given}
      WHERE device.project_id = given.project_id AND device.serial_number = given.serial_number`,
  );
};

export const removeDevices = (tx: EntityManager, facts: readonly Fact<TreeEventOf<'DeviceRemoved'>>[]): Promise<void> =>
  onRows(
    tx,
    { project_id: 'text', serial_number: 'text' },
    facts.map(({ projectId, event }) => ({ project_id: projectId, serial_number: event.data.serialNumber })),
    (given) => `DELETE FROM groups.device device USING ${given}
      WHERE device.project_id = given.project_id AND device.serial_number = given.serial_number`,
  );

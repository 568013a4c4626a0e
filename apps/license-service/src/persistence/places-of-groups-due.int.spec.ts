import { expect, it } from '@jest/globals';
import { createTestDatabase } from '@allotree/testing';
import { openLicensingDataSource } from './data-source.js';

it('groups of before learn where they lie, and look at what ends above them', async () => {
  const database = await createTestDatabase();
  const rows = await openLicensingDataSource(database.connectionString, 2);
  const isThere = () => rows.query("SELECT FROM licensing.migration WHERE name LIKE 'PlacesOfGroupsDue%'");
  while ((await isThere()).length > 0) await rows.undoLastMigration();
  const isLast = ({ name }: { name?: string }) => name?.startsWith('PlacesOfGroupsDue');
  rows.migrations.splice(rows.migrations.findIndex(isLast) + 1);
  await rows.query(`
    CREATE TABLE licensing.checkpoint (name text PRIMARY KEY, position bigint NOT NULL);
    INSERT INTO licensing.checkpoint VALUES ('due-work', 9), ('group-views', 5), ('license-view', 7);
    INSERT INTO licensing.project VALUES ('p', 'nord');
    INSERT INTO licensing.due_project VALUES ('p', 'nord', 'UTC');
    INSERT INTO licensing.license_group (project_id, group_id, parent_id, type, name, path)
    VALUES ('p', 'p', NULL, 'project', 'P', '{p}'), ('p', 'a', 'p', 'building', 'A', '{p,a}'), ('p', 'u', 'a', 'unit', 'U', '{p,a,u}');
    INSERT INTO licensing.due_group (project_id, group_id, enabled, grace_period_days, reminder)
    VALUES ('p', 'a', true, 0, NULL), ('p', 'u', true, 0, '{}');
    INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at) VALUES ('p', 'group', 'a', 'end', 'x', '2099-01-01Z')`);
  await rows.runMigrations();
  expect(await rows.query('SELECT group_id, parent_id FROM licensing.due_group ORDER BY group_id')).toEqual([
    { group_id: 'a', parent_id: 'p' },
    { group_id: 'p', parent_id: null },
    { group_id: 'u', parent_id: 'a' },
  ]);
  expect(await rows.query("SELECT subject_id, ref FROM licensing.due WHERE kind = 'reminder'")).toEqual([
    { subject_id: 'u', ref: String(Date.parse('2099-01-01')) },
  ]);
  // Events that the group views have not processed yet are read again.
  expect(await rows.query('SELECT name, position FROM licensing.checkpoint ORDER BY name')).toEqual([
    { name: 'due-work', position: '5' },
    { name: 'group-views', position: '5' },
    { name: 'license-view', position: '7' },
  ]);
  await rows.destroy();
  await database.drop();
});

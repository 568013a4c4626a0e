import { expect, it } from '@jest/globals';
import { createTestDatabase } from '@allotree/testing';
import { openLicensingDataSource } from './data-source.js';

const OPENED = JSON.stringify({ projectId: 'p2', tenantId: 'sued' });

it('rows of before get the tenant of their project or partner, and those after it take it by themselves', async () => {
  const database = await createTestDatabase();
  const rows = await openLicensingDataSource(database.connectionString, 2);
  const isApart = () => rows.query("SELECT FROM licensing.migration WHERE name LIKE 'TenantsApart%'");
  while ((await isApart()).length > 0) await rows.undoLastMigration();
  const isLast = ({ name }: { name?: string }) => name?.startsWith('TenantsApart');
  rows.migrations.splice(rows.migrations.findIndex(isLast) + 1);
  // One project is known to what is due, the other to the history alone.
  await rows.query(`
    INSERT INTO licensing.due_project VALUES ('p1', 'nord', 'UTC');
    INSERT INTO licensing.history_entry
    VALUES ('p2', 1, 0, 'e', 'ProjectOpened', NULL, 'project', now(), now(), 'a', 'c', '{}', NULL, '${OPENED}');
    INSERT INTO licensing.restriction VALUES ('p1', 'g', true, 'shared', 0), ('p2', 'g', true, 'shared', 0);
    INSERT INTO licensing.expiry_job (job_id, due_at, data) VALUES ('j', now(), '{"tenantId": "nord"}')`);
  await rows.runMigrations();
  await rows.query("INSERT INTO licensing.restriction VALUES ('p1', 'h', true, 'shared', 0)");
  await expect(
    rows.query("INSERT INTO licensing.restriction VALUES ('unheard of', 'h', true, 'shared', 0)"),
  ).rejects.toMatchObject({ driverError: { code: '23502' } });
  expect(
    await rows.query(`
      SELECT 'restriction' AS what, project_id || group_id AS id, tenant_id FROM licensing.restriction
      UNION ALL SELECT 'history', project_id, tenant_id FROM licensing.history_entry
      UNION ALL SELECT 'job', job_id, tenant_id FROM licensing.expiry_job ORDER BY 1, 2`),
  ).toEqual([
    { what: 'history', id: 'p2', tenant_id: 'sued' },
    { what: 'job', id: 'j', tenant_id: 'nord' },
    { what: 'restriction', id: 'p1g', tenant_id: 'nord' },
    { what: 'restriction', id: 'p1h', tenant_id: 'nord' },
    { what: 'restriction', id: 'p2g', tenant_id: 'sued' },
  ]);
  await rows.destroy();
  await database.drop();
});

import { expect, it } from '@jest/globals';
import { createTestDatabase } from '@allotree/testing';
import { openDataSource } from './data-source.js';

it('rows of before get the tenant of their project or notice, and those after it take it by themselves', async () => {
  const database = await createTestDatabase();
  const rows = await openDataSource(database.connectionString);
  await rows.undoLastMigration();
  await rows.query(`
    INSERT INTO notifications.project VALUES ('p1', 'nord', 'nord'), ('p2', 'sued', 'sued');
    INSERT INTO notifications.group_node VALUES ('p1', 'p1', NULL, 'P1'), ('p2', 'p2', NULL, 'P2');
    INSERT INTO notifications.notice (notice_id, job, state) VALUES ('n', '{"tenantId": "nord"}', 'new')`);
  await rows.runMigrations();
  await rows.query("INSERT INTO notifications.member VALUES ('p2', 'm', 'p2', 'eva@example.com', 'Eva', 'user')");
  expect(
    await rows.query(`
      SELECT group_id AS id, tenant_id FROM notifications.group_node
      UNION ALL SELECT member_id, tenant_id FROM notifications.member
      UNION ALL SELECT notice_id, tenant_id FROM notifications.notice ORDER BY 1`),
  ).toEqual([
    { id: 'm', tenant_id: 'sued' },
    { id: 'n', tenant_id: 'nord' },
    { id: 'p1', tenant_id: 'nord' },
    { id: 'p2', tenant_id: 'sued' },
  ]);
  await rows.destroy();
  await database.drop();
});

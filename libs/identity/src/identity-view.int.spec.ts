import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { GroupsEvent } from '@allotree/contracts';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import { pino } from 'pino';
import { IdentityView, refusedUser } from './identity-view.js';

let database: TestDatabase;
let pool: pg.Pool;
let view: IdentityView;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.connectionString });
  view = new IdentityView(pool, pino({ level: 'silent' }));
  await view.onModuleInit();
});
afterAll(async () => {
  view.onModuleDestroy();
  await pool.end();
  await database.drop();
});

const changed = (userId: string, active: boolean, place: number) =>
  ({
    type: 'allotree.user-changed.v1',
    sequence: String(place).padStart(16, '0'),
    data: { userId, email: 'kim@example.com', tenantId: null, active },
  }) as unknown as GroupsEvent;
const isIn = (userId: string): boolean => !view.isRefused({ userId, sessionId: null });

it('does not readmit a user because of an event from before they were deactivated, however late it arrives', async () => {
  await view.follow([changed('kim', true, 1)]);
  expect(isIn('kim')).toBe(true);
  await view.refuse([refusedUser('kim', false)]);
  await view.follow([changed('kim', false, 3), changed('kim', true, 1)]);
  expect(isIn('kim')).toBe(false);
  await view.follow([changed('kim', true, 2)]);
  expect(isIn('kim')).toBe(false);
  await view.follow([changed('kim', true, 4)]);
  expect(isIn('kim')).toBe(true);
});

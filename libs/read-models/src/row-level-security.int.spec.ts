import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import type { DataSource, EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { enableRowLevelSecurity, withTenants } from './row-level-security.js';
import { openReadModels } from './read-models.js';

class Things1000000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE things.thing (tenant_id text, name text NOT NULL)');
    await runner.query(enableRowLevelSecurity('things', ['thing'], "name = 'for all'"));
    await runner.query('CREATE TABLE things.secret (name text NOT NULL)');
  }

  async down(): Promise<void> {
    // Nobody goes back.
  }
}

const open = (url: string): Promise<DataSource> =>
  openReadModels({ type: 'postgres', url, schema: 'things', migrations: [Things1000000000000] });

const namesSeen = async (tx: EntityManager): Promise<string[]> => {
  const rows: { name: string }[] = await tx.query('SELECT name FROM things.thing ORDER BY name');
  return rows.map(({ name }) => name);
};

/** The embedded server is used as a superuser, who bypasses row-level security; other servers are not. */
describe.each(['a superuser', 'an ordinary user'])('rows of tenants in a database of %s', (owner) => {
  const role = `owner_${randomBytes(6).toString('hex')}`;
  let database: TestDatabase;
  let admin: pg.Client;
  let things: DataSource;
  let url: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    admin = new pg.Client({ connectionString: database.connectionString });
    await admin.connect();
    url = database.connectionString;
    if (owner !== 'a superuser') {
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret' CREATEROLE`);
      const { rows } = await admin.query<{ name: string }>('SELECT current_database() AS name');
      await admin.query(`GRANT ALL ON DATABASE "${rows[0]?.name}" TO ${role}`);
      await admin.query(`GRANT allotree_caller TO ${role}`);
      const owned = new URL(url);
      Object.assign(owned, { username: role, password: 'secret' });
      url = owned.toString();
    }
    things = await open(url);
    await things.query(
      "INSERT INTO things.thing VALUES ('nord', 'a'), ('nord', 'b'), ('sued', 'c'), (NULL, 'd'), ('', 'for all')",
    );
  });
  afterAll(async () => {
    await things.destroy();
    if (owner !== 'a superuser') {
      await admin.query(`DROP OWNED BY ${role}`);
      await admin.query(`DROP ROLE ${role}`);
    }
    await admin.end();
    await database.drop();
  });

  it('are visible to their tenants, all of them to the system itself', async () => {
    expect(await withTenants(things, ['nord'], namesSeen)).toEqual(['a', 'b', 'for all']);
    expect(await withTenants(things, ['nord', 'sued'], namesSeen)).toEqual(['a', 'b', 'c', 'for all']);
    expect(await withTenants(things, [], namesSeen)).toEqual(['for all']);
    expect(await withTenants(things, null, namesSeen)).toEqual(['a', 'b', 'c', 'd', 'for all']);
    expect(await namesSeen(things.manager)).toEqual(['a', 'b', 'c', 'd', 'for all']);
  });

  it('are changed by their tenants only, and rows for all by none', async () => {
    const change = async (sql: string): Promise<number> => {
      const [, changed]: [unknown, number] = await withTenants(things, ['nord'], (tx) => tx.query(sql));
      return changed;
    };
    expect(await change('UPDATE things.thing SET name = name')).toBe(2);
    expect(await change("DELETE FROM things.thing WHERE tenant_id <> 'nord'")).toBe(0);
    const forbidden = { driverError: { code: '42501' } };
    await expect(change("INSERT INTO things.thing VALUES ('sued', 'x')")).rejects.toMatchObject(forbidden);
    await expect(change("UPDATE things.thing SET tenant_id = 'sued'")).rejects.toMatchObject(forbidden);
    await expect(change('DELETE FROM things.secret')).rejects.toMatchObject(forbidden);
    expect(await namesSeen(things.manager)).toEqual(['a', 'b', 'c', 'd', 'for all']);
  });

  it('leave a connection unchanged, after a failure too', async () => {
    for (let round = 0; round < 15; round++)
      await withTenants(things, ['nord'], async (tx) => tx.query('SELECT 1 / 0')).catch(() => undefined);
    const counted = await Promise.all(Array.from({ length: 15 }, () => namesSeen(things.manager)));
    expect(new Set(counted.map((names) => names.length))).toEqual(new Set([5]));
  });

  it('are selected by ids and nothing else', async () => {
    for (const odd of ['*', 'nord,sued', '', "x'; RESET ROLE; --"])
      await expect(withTenants(things, [odd], namesSeen)).rejects.toThrow('not a tenant id');
  });

  it('stay unchanged when the schema is opened again', async () => {
    const again = await open(url);
    expect(await withTenants(again, ['sued'], namesSeen)).toEqual(['c', 'for all']);
    await again.destroy();
  });
});

describe('a connection that names no tenant', () => {
  it('sees no row, unless its user is a superuser', async () => {
    const database = await createTestDatabase();
    const things = await open(database.connectionString);
    await things.query("INSERT INTO things.thing VALUES ('nord', 'a')");
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query('SET ROLE allotree_caller');
    expect((await client.query('SELECT FROM things.thing')).rowCount).toBe(0);
    await client.end();
    await things.destroy();
    await database.drop();
  });
});

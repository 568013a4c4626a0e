import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from './test-database.js';

describe('createTestDatabase', () => {
  it('creates an empty database with durable commits and drops it', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.connectionString });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query("SELECT current_database() AS name, current_setting('fsync') AS fsync");
    expect(rows).toEqual([{ name: database.name, fsync: 'on' }]);
    await client.end();
    await database.drop();
    await expect(new pg.Client({ connectionString: database.connectionString }).connect()).rejects.toThrow(
      'does not exist',
    );
  });
});

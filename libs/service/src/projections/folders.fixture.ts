import { randomUUID } from 'node:crypto';
import { PostgresEventStore, Subscriptions, type NewEvent, type Projection } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { DataSource } from 'typeorm';
import { ProjectionChecks, type ProjectionChecksOptions } from './projection-checks.js';

/** Folders take their tenant from another table by a trigger, and have notes in a second table. */
const TABLES = `
  CREATE SCHEMA spec;
  CREATE TABLE spec.owner (folder_id text PRIMARY KEY, tenant_id text NOT NULL);
  CREATE TABLE spec.folder (
    folder_id text PRIMARY KEY, name text NOT NULL, tenant_id text NOT NULL, removed_at timestamptz,
    number bigint GENERATED ALWAYS AS IDENTITY
  );
  CREATE UNIQUE INDEX folder_by_name ON spec.folder (name) WHERE removed_at IS NULL;
  CREATE TABLE spec.note (folder_id text, n integer, body json NOT NULL, by_hand boolean NOT NULL DEFAULT false, PRIMARY KEY (folder_id, n));
  CREATE VIEW spec.named AS SELECT folder_id, name FROM spec.folder;
  CREATE FUNCTION spec.tenant_of_folder() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.tenant_id := (SELECT tenant_id FROM spec.owner WHERE folder_id = NEW.folder_id);
    RETURN NEW;
  END $$;
  CREATE TRIGGER take_tenant BEFORE INSERT ON spec.folder FOR EACH ROW EXECUTE FUNCTION spec.tenant_of_folder();
  ALTER TABLE spec.folder ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  CREATE POLICY everything ON spec.folder USING (true);`;

export const createFolders = (dataSource: DataSource): Promise<unknown> => dataSource.query(TABLES);

interface Folder {
  readonly folderId: string;
  readonly name: string;
  readonly notes: readonly object[];
}

/** One event makes a folder with its notes, or removes it. */
const folders: Projection = {
  name: 'folders',
  categories: ['folder'],
  batchSize: 10,
  tables: [{ name: 'folder' }, { name: 'note', where: 'NOT by_hand' }],
  async apply(events, tx) {
    for (const { type, data } of events) {
      const { folderId, name, notes } = data as Folder;
      if (type === 'Refused') throw new Error('this event cannot be applied');
      if (type === 'Removed') {
        await tx.query("UPDATE spec.folder SET removed_at = '2020-01-01Z' WHERE folder_id = $1", [folderId]);
        continue;
      }
      await tx.query('INSERT INTO spec.owner VALUES ($1, $2) ON CONFLICT DO NOTHING', [folderId, `of ${folderId}`]);
      await tx.query(
        `INSERT INTO spec.folder (folder_id, name) VALUES ($1, $2)
         ON CONFLICT (folder_id) DO UPDATE SET name = excluded.name`,
        [folderId, name],
      );
      for (const [n, note] of notes.entries())
        await tx.query('INSERT INTO "spec"."note" (folder_id, n, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
          folderId,
          n,
          JSON.stringify(note),
        ]);
    }
  },
};

// Without the library of specs, so that a process which is killed starts quickly.
const eventOf = (type: string, data: Folder): NewEvent => ({
  type,
  data,
  metadata: {
    eventId: randomUUID(),
    commandId: randomUUID(),
    correlationId: 'spec',
    causationId: null,
    actor: 'spec',
    tenantId: null,
    recordedAt: '2026-06-01T08:00:00.000Z',
  },
});

/** A process of a service with this projection. */
export class Folders {
  private constructor(
    readonly dataSource: DataSource,
    readonly store: PostgresEventStore,
    readonly leases: Leases,
    readonly subscriptions: Subscriptions,
    readonly checks: ProjectionChecks,
  ) {}

  static async open(
    connectionString: string,
    options: Partial<ProjectionChecksOptions> & { readonly create?: boolean } = {},
  ): Promise<Folders> {
    const dataSource = await new DataSource({ type: 'postgres', url: connectionString, poolSize: 5 }).initialize();
    if (options.create) await createFolders(dataSource);
    const store = await PostgresEventStore.open({ connectionString });
    const leases = await Leases.open({ connectionString });
    const subscriptions = new Subscriptions({ store, dataSource, schema: 'spec', leases });
    subscriptions.projection(folders);
    const checks = new ProjectionChecks({
      dataSource,
      schema: 'spec',
      projections: subscriptions,
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
      ...options,
    });
    await checks.onModuleInit();
    return new Folders(dataSource, store, leases, subscriptions, checks);
  }

  async append(type: 'Made' | 'Removed' | 'Refused', folderId: string, name = folderId): Promise<bigint> {
    const streamName = `folder-${folderId}`;
    const expectedRevision = await this.store.streamRevision(streamName);
    const data = { folderId, name, notes: [{ by: name }, { of: folderId }] };
    const [result] = await this.store.append([{ streamName, expectedRevision, events: [eventOf(type, data)] }]);
    if (!result?.ok) throw new Error('conflict');
    return result.position;
  }

  async close(): Promise<void> {
    await this.checks.onModuleDestroy();
    await this.subscriptions.stop();
    await this.leases.close();
    await this.store.close();
    await this.dataSource.destroy();
  }
}

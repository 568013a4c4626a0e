import { createLogger } from '@allotree/basics';
import { TREE_STATES, type CloudEvent, type TreeAnswer } from '@allotree/contracts';
import { quotaOfLevels, type GroupQuota } from '@allotree/domain';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { Arrivals } from '../events/arrivals.js';
import { EventLog } from '../events/event-log.js';
import { openDataSource } from '../persistence/data-source.js';
import { TablesProjection } from '../tables/tables-projection.js';
import { treeAt } from '../tree/recorded-tree.js';
import { FACTS, factsStatement } from './facts-statement.js';
import { runPrepared } from './prepared.js';
import { factsAt, type Moment, type RecordedFacts } from './recorded-quota.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });

/** Both ways to find the restricted groups below: one for few of them, and one for many. */
const STATEMENTS = { few: FACTS, many: factsStatement(0) };

const NUMBERS = {
  name: 'numbers-of-quota',
  text: `SELECT resource, own_limit::integer, effective_limit::integer, in_force, suspended, available::integer
    FROM analysis.quota_at($1, $2, $3) ORDER BY array_position('{sip_number,mobile_app,ukey2}', resource)`,
};

/** The tables of the past alone, without HTTP and bus. */
export class Past {
  private constructor(
    private readonly database: TestDatabase,
    private readonly dataSource: DataSource,
  ) {}

  static async open(): Promise<Past> {
    const database = await createTestDatabase();
    const dataSource = await openDataSource(database.connectionString);
    // Who asks in SQL sees the rows of every tenant.
    await dataSource.query("INSERT INTO reporting.analyst VALUES (session_user, NULL, 'infinity')");
    return new Past(database, dataSource);
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  /** Stores events, and waits until the tables have them. */
  async record(...batches: readonly (readonly CloudEvent[])[]): Promise<void> {
    const log = new EventLog(this.dataSource, new Arrivals(this.dataSource, logger), logger);
    const tables = new TablesProjection(this.dataSource, log, logger);
    tables.onApplicationBootstrap();
    for (const batch of batches) await log.record(batch);
    while ((await tables.lag()).some(({ behind }) => behind > 0))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await tables.onModuleDestroy();
  }

  /** Reads the tables as a route does. */
  read<Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction('REPEATABLE READ', work);
  }

  /** The numbers of a quota as people ask for them in SQL. */
  numbersInSql(tx: EntityManager, { projectId, groupId, at }: Omit<Moment, 'parameter'>): Promise<unknown> {
    return runPrepared(tx, NUMBERS, [projectId, groupId, new Date(at)]);
  }

  /** The quota of a group as the tables have it. */
  async quotaAt(
    tx: EntityManager,
    moment: Omit<Moment, 'parameter'>,
    restricted: keyof typeof STATEMENTS,
  ): Promise<{ readonly quota: GroupQuota | null; readonly basis: RecordedFacts['basis'] }> {
    const { facts, basis } = await factsAt(tx, { ...moment, parameter: 'at' }, STATEMENTS[restricted]);
    return { quota: quotaOfLevels(facts, moment.at), basis };
  }

  /** The groups of a project in any state, as a search in the tree finds them. */
  async groupsInStates({
    projectId,
    at,
    endingWithinDays,
  }: Pick<Moment, 'projectId' | 'at'> & { readonly endingWithinDays: number }): Promise<TreeAnswer['items']> {
    const page = { state: [...TREE_STATES], endingWithinDays, expanded: [], offset: 0, limit: 200 };
    return (await this.read((tx) => treeAt(tx, { ...page, projectId, at, reach: null }))).items;
  }
}

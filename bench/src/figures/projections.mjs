import { PostgresEventStore, Subscriptions } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { GroupViewsProjection } from '../../../apps/license-service/dist/groups/group-views/group-views.projection.js';
import { HistoryProjection } from '../../../apps/license-service/dist/history/record-history/history.projection.js';
import { LicenseViewProjection } from '../../../apps/license-service/dist/licenses/license-view/license-view.projection.js';
import {
  LICENSING_SCHEMA,
  openLicensingDataSource,
} from '../../../apps/license-service/dist/persistence/data-source.js';
import { settle, withDatabase } from '../database.mjs';
import { assign, context, openingCommands, restrictionCommands, smallTree } from '../projects.mjs';
import { accepted, inParallel, openRuntime } from '../runtime.mjs';
import { row } from '../table.mjs';

const PROJECTIONS = [GroupViewsProjection, HistoryProjection, LicenseViewProjection];
const TIMEOUT_MS = 600_000;

/** Fills the projections of the license service from a large store: all together, and each on its own. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_projections', async (connectionString) => {
    const events = await fill(connectionString, quick ? 100 : 1_000, progress);
    const store = await PostgresEventStore.open({ connectionString });
    const dataSource = await openLicensingDataSource(connectionString, 10);
    const leases = await Leases.open({ connectionString });
    const head = await store.head();
    const rebuild = async (classes) => {
      const subscriptions = new Subscriptions({ store, dataSource, schema: LICENSING_SCHEMA, leases });
      const projections = classes.map((Projection) => new Projection());
      for (const projection of projections) subscriptions.projection(projection);
      await dataSource.transaction(async (tx) => {
        for (const { name } of projections.flatMap(({ tables }) => tables))
          await tx.query(`TRUNCATE ${LICENSING_SCHEMA}.${name}`);
        await tx.query(`DROP TABLE IF EXISTS ${LICENSING_SCHEMA}.checkpoint`);
      });
      await settle(connectionString);
      const start = performance.now();
      await subscriptions.start();
      const reached = await Promise.all(projections.map(({ name }) => subscriptions.waitUntil(name, head, TIMEOUT_MS)));
      const perSecond = (events * 1_000) / (performance.now() - start);
      await subscriptions.stop();
      if (!reached.every(Boolean)) throw new Error('a projection did not catch up');
      progress(`${projections.map(({ name }) => name).join(', ')}: ${Math.round(perSecond)} events/s`);
      return perSecond;
    };
    const together = await rebuild(PROJECTIONS);
    const alone = [];
    for (const Projection of PROJECTIONS)
      alone.push(`${new Projection().name} ${Math.round(await rebuild([Projection])).toLocaleString('en-US')}`);
    await leases.close();
    await store.close();
    await dataSource.destroy();
    return [
      row({
        figure: `projections, all ${PROJECTIONS.length} together, ${events.toLocaleString('en-US')} events`,
        value: together,
        unit: 'events/s',
        target: { atLeast: 10_000 },
        note: `alone: ${alone.join(', ')} events/s`,
      }),
    ];
  });

/** Projects of ten groups with a hundred assignments each: a typical day of use. */
async function fill(connectionString, projects, progress) {
  const { handler, recording, close } = await openRuntime(connectionString);
  const ids = Array.from({ length: projects }, (_, index) => `p${index + 1}`);
  const now = Date.now();
  const obey = async (id, command) => accepted(await handler.execute(id, command, context()));
  const { batches } = await recording(async () => {
    await inParallel(64, ids, async (id) => {
      const { groups, apartments } = smallTree(id);
      const commands = [
        ...openingCommands(id, groups, now),
        ...restrictionCommands(groups, ['building', 'unit', 'floor'], now),
      ];
      for (const command of commands) await obey(id, command);
      for (let n = 0; n < 100 - commands.length; n++) await obey(id, assign(apartments[n % apartments.length], now));
    });
  });
  await close();
  progress(`${batches.events} events in the store`);
  return batches.events;
}

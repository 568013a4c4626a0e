import { projectAggregate, quotaOf } from '@allotree/domain';
import { settle, withDatabase } from '../database.mjs';
import { interleave, median, throughput } from '../measure.mjs';
import { assign, context, largeTree, openingCommands, release, restrictionCommands, smallTree } from '../projects.mjs';
import { accepted, openRuntime } from '../runtime.mjs';
import { row } from '../table.mjs';

const CALLERS = 64;

/**
 * Cost of one assignment and one quota in a tree of 101,000 groups and in one of ten. In the domain both sides use the
 * same number of apartments, to compare tree sizes and not CPU caches; the note gives the cost over the whole tree. In
 * the runtime the whole tree is used.
 */
export async function run({ server, quick, progress }) {
  const trees = { small: smallTree('small'), large: largeTree('large', quick ? 5 : 100) };
  const inDomain = costInDomain(trees, quick, progress);
  const inRuntime = await withDatabase(server, 'bench_cost', (url) => costInRuntime(url, trees, quick, progress));
  const compared = (what, costs) =>
    row({
      figure: `tree_cost, ${what}, ${trees.large.groups.length.toLocaleString('en-US')} groups`,
      value: costs.large,
      unit: 'us',
      peer: { name: 'in 10 groups', value: costs.small },
      target: { atMost: 1.3 },
      note: costs.allOver && `${costs.allOver.toFixed(1)} us at apartments all over the tree, out of the cold`,
    });
  return [
    compared('assign in the domain', inDomain.assign),
    compared('quota in the domain', inDomain.quota),
    compared('assign in the runtime', inRuntime.assign),
    compared('quota in the runtime', inRuntime.quota),
  ];
}

function costInDomain(trees, quick, progress) {
  const small = grow('small', trees.small, progress);
  const allOver = grow('large', trees.large, progress);
  const { apartments } = allOver;
  const apart = apartments.length / small.apartments.length;
  const large = { state: allOver.state, apartments: apartments.filter((_, index) => index % apart === 0) };
  const batch = quick ? 500 : 2_000;
  const warmUp = 5;
  const costs = { assign: {}, quota: {} };
  for (let round = -warmUp; round < (quick ? 5 : 41); round++)
    for (const [name, project] of Object.entries({ small, large, allOver })) {
      const [assigned, asked] = [costOfAssign(project, batch), costOfQuota(project, batch)];
      if (round < 0) continue;
      (costs.assign[name] ??= []).push(assigned);
      (costs.quota[name] ??= []).push(asked);
    }
  const medians = (sides) => Object.fromEntries(Object.entries(sides).map(([name, all]) => [name, median(all)]));
  return { assign: medians(costs.assign), quota: medians(costs.quota) };
}

/** The same through the command runtime with durable events: microseconds per command at full load. */
async function costInRuntime(connectionString, trees, quick, progress) {
  const { handler, close } = await openRuntime(connectionString);
  for (const [projectId, { groups }] of Object.entries(trees)) {
    const now = Date.now();
    const commands = [...openingCommands(projectId, groups, now), ...restrictionCommands(groups, LEVELS, now)];
    for (const command of commands) accepted(await handler.execute(projectId, command, context()));
    progress(`${projectId}: stands in the store`);
  }
  const time = quick ? { warmUpMs: 300, ms: 700 } : { warmUpMs: 500, ms: 2_000 };
  const cost = async (call) => 1e6 / (await throughput({ callers: CALLERS, ...time, call })).perSecond;
  const assigning = (id) => async () => {
    await settle(connectionString);
    return cost(
      async () =>
        (await handler.execute(id, assign(anyApartment(trees[id]), Date.now()), context())).kind === 'accepted',
    );
  };
  const asking = (id) => () =>
    cost(() => handler.read(id, (state) => quotaOf(state, anyApartment(trees[id]), Date.now()) !== null));
  const found = await interleave(
    quick ? 1 : 5,
    {
      smallAssign: assigning('small'),
      largeAssign: assigning('large'),
      smallQuota: asking('small'),
      largeQuota: asking('large'),
    },
    progress,
  );
  await close();
  return {
    assign: { small: found.smallAssign, large: found.largeAssign },
    quota: { small: found.smallQuota, large: found.largeQuota },
  };
}

const LEVELS = ['building', 'unit', 'floor'];

function grow(projectId, { groups, apartments }, progress) {
  const now = Date.now();
  const project = { state: projectAggregate.initial(), apartments };
  const commands = [...openingCommands(projectId, groups, now), ...restrictionCommands(groups, LEVELS, now)];
  for (const command of commands) obey(project, command);
  progress(`${projectId}: ${groups.length} groups stand`);
  return project;
}

function obey(project, command) {
  const decision = projectAggregate.decide(project.state, command);
  if (!decision.ok) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
  for (const event of decision.events) project.state = projectAggregate.evolve(project.state, event);
}

/** Microseconds to decide and apply one assignment; the release is not measured. */
function costOfAssign(project, batch) {
  const now = Date.now();
  const commands = Array.from({ length: batch }, () => assign(anyApartment(project), now));
  const start = performance.now();
  for (const command of commands) obey(project, command);
  const each = ((performance.now() - start) * 1000) / batch;
  for (const { assignmentId, groupId } of commands) obey(project, release(assignmentId, groupId, now));
  return each;
}

/** Microseconds for the quota of one apartment. */
function costOfQuota(project, batch) {
  const now = Date.now();
  const asked = Array.from({ length: batch }, () => anyApartment(project));
  const start = performance.now();
  for (const groupId of asked)
    if (quotaOf(project.state, groupId, now) === null) throw new Error(`no quota of ${groupId}`);
  return ((performance.now() - start) * 1000) / batch;
}

const anyApartment = ({ apartments }) => apartments[Math.floor(Math.random() * apartments.length)];

import { projectAggregate, quotaOf } from '@allotree/domain';
import { interleave } from '../measure.mjs';
import { assign, largeTree, openingCommands, release, restrictionCommands, smallTree } from '../projects.mjs';
import { row } from '../table.mjs';

/** What one assignment and one quota cost in the pure domain, in a tree of 101,000 groups and in one of ten. */
export async function run({ quick, progress }) {
  const small = grow('small', smallTree('small'), progress);
  const large = grow('large', largeTree('large', quick ? 5 : 100), progress);
  const batch = quick ? 500 : 5_000;
  const rounds = quick ? 3 : 21;
  for (const project of [small, large]) for (let n = 0; n < 3; n++) costOfAssign(project, batch) + costOfQuota(project, batch);

  const median = await interleave(
    rounds,
    {
      smallAssign: async () => costOfAssign(small, batch),
      largeAssign: async () => costOfAssign(large, batch),
      smallQuota: async () => costOfQuota(small, batch),
      largeQuota: async () => costOfQuota(large, batch),
    },
    () => {},
  );
  const compared = (what, value, limit) =>
    row({
      figure: `tree_cost, ${what}, ${large.groups.toLocaleString('en-US')} groups`,
      value,
      unit: 'us',
      peer: { name: 'in 10 groups', value: limit },
      target: { atMost: 1.3 },
    });
  return [
    compared('assign', median.largeAssign, median.smallAssign),
    compared('quota', median.largeQuota, median.smallQuota),
  ];
}

function grow(projectId, { groups, apartments }, progress) {
  const now = Date.now();
  const project = { state: projectAggregate.initial(), apartments, groups: groups.length };
  const commands = [
    ...openingCommands(projectId, groups, now),
    ...restrictionCommands(groups, ['building', 'unit', 'floor'], now),
  ];
  for (const command of commands) obey(project, command);
  progress(`${projectId}: ${groups.length} groups stand`);
  return project;
}

function obey(project, command) {
  const decision = projectAggregate.decide(project.state, command);
  if (!decision.ok) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
  for (const event of decision.events) project.state = projectAggregate.evolve(project.state, event);
}

/** Microseconds for deciding and folding one assignment; what was assigned is given back outside the clock. */
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
  for (const groupId of asked) if (quotaOf(project.state, groupId, now) === null) throw new Error(`no quota of ${groupId}`);
  return ((performance.now() - start) * 1000) / batch;
}

const anyApartment = ({ apartments }) => apartments[Math.floor(Math.random() * apartments.length)];

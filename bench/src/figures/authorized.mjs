import { setTimeout as sleep } from 'node:timers/promises';
import { bombard, CONNECTIONS, quotaAt } from '../bombard.mjs';
import { settle, withDatabase } from '../database.mjs';
import { interleave } from '../measure.mjs';
import { createProject, groupsOf, registerDistributor, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const FEW = 10;
const MANY = 10_000;
const AT_ONCE = 64;

/** The cost of permission checks: the same requests by a member of a building and by a caller without checks. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_authorized', async (connectionString) => {
    const product = await startProduct(connectionString);
    const house = await makeHouse(product);
    const requests = house.apartments.map((g) => quotaAt({ path: `/api/v1/projects/${house.projectId}/groups/${g}` }));
    const member = { ...product, token: await product.tokenOf(house.userId) };
    // Many short rounds, because the difference is small compared to other load on the machine.
    const amount = quick ? 3_000 : 8_000;
    const side = (who) => async () => {
      await settle(connectionString);
      return (await bombard(who, requests, amount)).perSecond;
    };
    const sides = { unchecked: side(product), checked: side(member) };
    const rows = [];
    for (const memberships of [FEW, quick ? 200 : MANY]) {
      await addMembers(product, house, memberships);
      progress(`${memberships} memberships in the tenant`);
      await interleave(1, sides, (line) => progress(`warm-up, ${line}`));
      const median = await interleave(quick ? 1 : 15, sides, progress);
      rows.push(
        row({
          figure: `quota by a member, ${memberships.toLocaleString('en-US')} memberships, ${CONNECTIONS} connections`,
          value: median.checked,
          unit: 'requests/s',
          peer: { name: 'without checks', value: median.unchecked },
          target: { atLeast: 0.85 },
        }),
      );
    }
    await product.stop();
    return rows;
  });

async function makeHouse(product) {
  const projectId = await createProject(product, await registerDistributor(product), 'House');
  await product.post(`/projects/${projectId}/groups/generate`, {
    parentId: projectId,
    buildings: { count: 2 },
    units: { count: 2 },
    floors: { count: 4 },
    apartments: { count: 8 },
  });
  const groups = await groupsOf(product, projectId);
  const building = groups.find(({ type }) => type === 'building').groupId;
  const below = new Set([building]);
  for (const { groupId, parentId } of groups) if (below.has(parentId)) below.add(groupId);
  const apartments = groups.filter(({ type, groupId }) => type === 'apartment' && below.has(groupId));
  const person = { email: 'site@example.com', name: 'Site', role: 'site_administrator' };
  const { userId } = await product.post(`/projects/${projectId}/groups/${building}/members`, person);
  const house = { projectId, userId, apartments: apartments.map(({ groupId }) => groupId), members: 1 };
  const token = await product.tokenOf(userId);
  const path = `${product.url}/api/v1/projects/${projectId}/groups/${house.apartments.at(-1)}/quota`;
  while ((await fetch(path, { headers: { authorization: `Bearer ${token}` } })).status !== 200) await sleep(100);
  return house;
}

/** Adds residents, spread over the apartments, up to the given number of memberships. */
async function addMembers(product, house, wanted) {
  const { projectId, apartments } = house;
  const add = async (n) => {
    const person = { email: `resident-${n}@example.com`, name: `Resident ${n}`, role: 'user' };
    await product.post(`/projects/${projectId}/groups/${apartments[n % apartments.length]}/members`, person);
  };
  while (house.members < wanted) {
    const next = Math.min(AT_ONCE, wanted - house.members);
    await Promise.all(Array.from({ length: next }, (_, i) => add(house.members + i)));
    house.members += next;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settle, untilFollowed, withDatabase } from '../database.mjs';
import { median, seconds } from '../measure.mjs';
import { createProject, registerDistributor, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const CLI = join(import.meta.dirname, '../../../apps/cli/dist/main.js');
const MB = 2 ** 20;
/** Single requests are sent for this many buildings of the whole. */
const SAMPLE = 2;

/** A project as a file and as a table by the command line, against single requests one after the other. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_cli', async (connectionString) => {
    const product = await startProduct(connectionString);
    const distributor = await registerDistributor(product);
    const buildings = quick ? 3 : 100;
    const calm = async () => {
      await untilFollowed(connectionString);
      await settle(connectionString);
    };
    /** Groups a second, and the longest delay of the server's event loop. */
    const measured = async (groups, work) => {
      await calm();
      await product.usage();
      const took = await seconds(work);
      const { loopDelayMs, cpuMs } = await product.usage();
      return { took, perSecond: groups / took, loopDelayMs, cpuMs };
    };
    const whole = buildings * BUILDING.groups;
    const sides = {
      'plan and apply': async (round) => {
        const name = `Complex ${round}`;
        const file = await written(product, 'project.json', JSON.stringify(projectFile(name, buildings)));
        await createProject(product, distributor, name);
        return measured(whole, () => allotree(product, 'apply', '-f', file));
      },
      'single requests': async (round) => {
        const projectId = await createProject(product, distributor, `Steps ${round}`);
        const sample = Math.min(SAMPLE, buildings);
        return measured(sample * BUILDING.groups, () => stepByStep(product, projectId, sample));
      },
    };
    const taken = { 'plan and apply': [], 'single requests': [] };
    for (let round = 1; round <= (quick ? 1 : 3); round++)
      for (const [side, measure] of Object.entries(sides)) {
        const one = await measure(round);
        taken[side].push(one);
        progress(
          `round ${round} ${side}: ${one.took.toFixed(1)} s, ${Math.round(one.perSecond)} groups/s, longest delay of the event loop ${Math.round(one.loopDelayMs)} ms`,
        );
      }
    const of = (side, member) => median(taken[side].map((one) => one[member]));

    const rows = quick ? 2_000 : 100_000;
    const table = await written(product, 'groups.csv', csv(rows));
    await createProject(product, distributor, 'Imported');
    const imported = await measured(rows, () => allotree(product, 'import', table, '--project', 'Imported', '--apply'));
    progress(`import: ${imported.took.toFixed(1)} s`);
    const { memory } = await product.usage();
    await product.stop();

    const delay = (ms) => `longest delay of the server's event loop ${Math.round(ms)} ms`;
    return [
      row({
        figure: `cli, apply ${whole.toLocaleString('en-US')} groups`,
        value: of('plan and apply', 'perSecond'),
        unit: 'groups/s',
        peer: { name: 'single requests, one after the other', value: of('single requests', 'perSecond') },
        target: { atLeast: 5 },
        note:
          `${of('plan and apply', 'took').toFixed(1)} s for all of them with the limits of ${buildings} buildings, ${delay(of('plan and apply', 'loopDelayMs'))}, ` +
          `${(of('plan and apply', 'cpuMs') / 1_000).toFixed(1)} s of its CPU time; single requests make ${Math.min(SAMPLE, buildings)} of the buildings`,
      }),
      row({
        figure: `cli, import ${rows.toLocaleString('en-US')} rows`,
        value: imported.took,
        unit: 's',
        target: { atMost: 60 },
        note:
          `plan and apply of a CSV file with a key and limits in every row; ${delay(imported.loopDelayMs)}, ` +
          `${(imported.cpuMs / 1_000).toFixed(1)} s of its CPU time; the server holds ${Math.round(memory.rss / MB)} MB`,
      }),
    ];
  });

async function written({ dataDir }, name, text) {
  const path = join(dataDir, name);
  await writeFile(path, text);
  return path;
}

/** Runs the command line in a process of its own, signed in as the server administrator. */
async function allotree({ dataDir }, ...args) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [CLI, '--quiet', ...args], {
    cwd: dataDir,
    env: { PATH, HOME, DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors = [];
  child.stderr.on('data', (chunk) => errors.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`allotree ${args.join(' ')} ended with ${code}: ${Buffer.concat(errors)}`);
}

/** Every building has 4 units of 12 floors of 20 apartments. */
const BUILDING = { units: 4, floors: 12, apartments: 20, groups: 1 + 4 + 48 + 960 };
const LIMIT = { poolMode: 'shared', gracePeriodDays: 0, allotments: [{ units: units(2_000) }], reminder: null };

function units(count) {
  return { sip_number: count, mobile_app: count, ukey2: count };
}

const many = (count, make) => Array.from({ length: count }, (_, index) => make(index + 1));

const projectFile = (name, buildings) => ({
  project: {
    name,
    groups: many(buildings, (building) => ({
      name: `Building ${building}`,
      type: 'building',
      restriction: LIMIT,
      groups: many(BUILDING.units, (unit) => ({
        name: `Unit ${unit}`,
        type: 'unit',
        groups: many(BUILDING.floors, (floor) => ({
          name: `Floor ${floor}`,
          type: 'floor',
          groups: many(BUILDING.apartments, (apartment) => ({ name: `Apartment ${apartment}`, type: 'apartment' })),
        })),
      })),
    })),
  },
});

/** The same, one request for each group and each limit. */
async function stepByStep(product, projectId, buildings) {
  const base = `/projects/${projectId}/groups`;
  const make = async (parentId, { name, type, groups = [] }) => {
    const { groupId } = await product.post(base, { parentId, name, type });
    for (const below of groups) await make(groupId, below);
    return groupId;
  };
  for (const building of projectFile('', buildings).project.groups) {
    const groupId = await make(projectId, building);
    const allotments = LIMIT.allotments.map((allotment) => ({ type: 'plus', features: [], ...allotment }));
    await product.put(`${base}/${groupId}/restriction`, { enabled: true, ...LIMIT, allotments });
  }
}

/** One row for each group of a tree, parents first. */
function csv(rows) {
  const lines = ['building,unit,floor,apartment,key,sip_number,mobile_app'];
  for (let building = 1; lines.length <= rows; building++)
    for (const line of linesOfBuilding(building)) if (lines.length <= rows) lines.push(line);
  return `${lines.join('\n')}\n`;
}

function* linesOfBuilding(building) {
  const key = (...place) => `ERP-${[building, ...place].join('-')}`;
  yield `Building ${building},,,,${key()},1920,1920`;
  for (let unit = 1; unit <= BUILDING.units; unit++) {
    yield `Building ${building},Unit ${unit},,,${key(unit)},480,480`;
    for (let floor = 1; floor <= BUILDING.floors; floor++) {
      yield `Building ${building},Unit ${unit},Floor ${floor},,${key(unit, floor)},40,40`;
      for (let apartment = 1; apartment <= BUILDING.apartments; apartment++)
        yield `Building ${building},Unit ${unit},Floor ${floor},Apartment ${apartment},${key(unit, floor, apartment)},2,2`;
    }
  }
}

/** The history of the project whose past the benchmarks ask about, as the services publish it. */
export const START = Date.parse('2026-01-01T00:00:00Z');
export const PROJECT = 'project';
const BATCH = 1_000;

/** Units of ten floors of ten flats in one building. */
export function treeOf(units) {
  const groups = [{ groupId: 'building', parentId: PROJECT, type: 'building', name: 'Building' }];
  const flats = [];
  for (let u = 0; u < units; u++) {
    groups.push({ groupId: `u${u}`, parentId: 'building', type: 'unit', name: `Unit ${u}` });
    for (let f = 0; f < 10; f++) {
      groups.push({ groupId: `u${u}f${f}`, parentId: `u${u}`, type: 'floor', name: `Floor ${f}` });
      for (let a = 0; a < 10; a++) {
        const flat = `u${u}f${f}a${a}`;
        groups.push({ groupId: flat, parentId: `u${u}f${f}`, type: 'apartment', name: `Flat ${a}` });
        flats.push([PROJECT, 'building', `u${u}`, `u${u}f${f}`, flat]);
      }
    }
  }
  return { groups, flats };
}

/**
 * A project in which a number is assigned at a flat again and again, `everyMs` apart; restricted are the building and, unless others are named,
 * its units. Once `inForce` are assigned, the oldest is released before each assignment, which makes two events of it.
 */
export function* history(
  { groups, flats },
  { events, everyMs = 1_000, restricted = unitsOf(flats), inForce = Infinity },
) {
  const ofGroups = published('/group-service');
  const ofLicensing = published('/license-service');
  const place = {
    partnerId: 'partner',
    tenantId: 'tenant',
    timeZone: 'Europe/Berlin',
    billingMode: 'prepaid',
    trial: false,
  };
  yield ofGroups(START, 'allotree.project-created.v1', { name: 'Project', ...place });
  for (let from = 0; from < groups.length; from += 1_000)
    yield ofGroups(START, 'allotree.groups-placed.v1', { groups: groups.slice(from, from + 1_000) });
  const units = { sip_number: 1_000_000, mobile_app: 1_000_000, ukey2: null };
  const validFrom = new Date(START).toISOString();
  const term = { type: 'plus', units, features: ['siri'], validFrom, validUntil: null };
  yield ofLicensing(START, 'allotree.license-granted.v1', { licenseId: 'plus', ...term, source: { kind: 'manual' } });
  const section = { enabled: true, poolMode: 'shared', gracePeriodDays: 0, reminder: null, place: null };
  for (const groupId of ['building', ...restricted]) {
    const allotments = [{ allotmentId: `of-${groupId}`, ...term }];
    yield ofLicensing(START, 'allotree.restriction-changed.v1', { groupId, ...section, allotments });
  }
  const assignment = (n) => {
    const path = flats[(n * 7_919) % flats.length];
    return { assignmentId: `a${n}`, groupId: path.at(-1), resource: 'sip_number', externalId: `number-${n}`, path };
  };
  for (let [n, made] = [0, 0]; n < events; n++, made++) {
    if (made >= inForce) {
      const assignments = [assignment(made - inForce)];
      yield ofLicensing(START + n * everyMs, 'allotree.assignments-released.v1', { assignments, reason: 'released' });
      n++;
    }
    yield ofLicensing(START + n * everyMs, 'allotree.assignment-made.v1', assignment(made));
  }
}

const unitsOf = (flats) => [...new Set(flats.map((path) => path[2]))];

function published(source) {
  let sequence = 0;
  return (at, type, data) => ({
    specversion: '1.0',
    id: `${source} ${sequence}`,
    source,
    type,
    subject: PROJECT,
    time: new Date(at).toISOString(),
    tenantid: 'tenant',
    correlationid: 'bench',
    causationid: null,
    actor: 'user:bench',
    sequence: String(sequence++).padStart(16, '0'),
    data: { projectId: PROJECT, ...data, at: new Date(at).toISOString() },
  });
}

/** A thousand events each. */
export function* inBatches(events) {
  let batch = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Puts a history into the archive of events, and the tables of the past after it. @returns milliseconds for the tables */
export async function record({ dataSource, log, tables }, events, archived) {
  for (const batch of inBatches(events)) await log.record(batch);
  await archived();
  const start = performance.now();
  tables.onApplicationBootstrap();
  await untilFollowed(dataSource);
  const milliseconds = performance.now() - start;
  await tables.onModuleDestroy();
  return milliseconds;
}

/** Counting what is behind would take time from what is measured. */
export async function untilFollowed(dataSource) {
  while (await isBehind(dataSource)) await new Promise((resolve) => setTimeout(resolve, 50));
}

const isBehind = async (dataSource) => {
  const [row] = await dataSource.query(
    'SELECT position < (SELECT max(position) FROM reporting.event) AS behind FROM reporting.tables_position',
  );
  return row.behind;
};

import type { QuotaDiffAnswer, QuotaWhyAnswer, QuotaAsOfAnswer, UsageAnswer } from '@allotree/contracts';
import { untilReported, type Api } from '@allotree/api-client';
import { nodeAt, type Tree } from './tree.js';
import { applyProjectFile, type ProjectApplication } from './apply.js';
import { requestAgain, type CurrentRestriction } from './rehearsals.js';
import { nextTake, renamed } from './expiry-cast.js';
import { momentText, StoryClock } from './expiry-clock.js';
import { Narrator } from './narrator.js';
import type { ProjectFile } from '@allotree/project-file';
import { expectRefusal } from './show-refusals.js';
import { dateText, limitText } from './words.js';

export interface PastTelling {
  readonly api: Api;
  /** Of the processes of a cluster. */
  readonly clocks: readonly Api[];
  readonly file: ProjectFile;
  readonly narrator: Narrator;
}

type ExplainedLevel = QuotaWhyAnswer['levels'][number];

interface Stage extends ProjectApplication {
  readonly tree: Tree;
  readonly storyClock: StoryClock;
  readonly zone: string;
}

const DAY_MS = 86_400_000;
const BUILDING = 'Building A';
const UNIT_1 = `${BUILDING} / Unit 1`;
const UNIT_2 = `${BUILDING} / Unit 2`;
const PERIOD_DAYS = 213;

/**
 * Plays seven months of the worked example on a system whose clock can be moved, and then asks about them: as of an instant, why, what changed,
 * and how much was in use.
 * @throws NoTestClock
 */
export async function runPastStory(telling: PastTelling): Promise<void> {
  const stage = await setTheStage(telling);
  const begun = stage.storyClock.now;
  await secondMonth(stage);
  const refusedAt = await thirdMonth(stage);
  const raisedAt = await fourthMonth(stage);
  await restOfTheTerm(stage, begun);
  await untilReported(stage.api);
  await askAsOf(stage, refusedAt);
  await askWhy(stage, refusedAt);
  await askDiff(stage, refusedAt, raisedAt);
  await askUsage(stage, begun);
  askInSql(stage, refusedAt);
}

async function setTheStage({ api, clocks, file, narrator }: PastTelling): Promise<Stage> {
  const storyClock = await StoryClock.of(api, clocks, 'past');
  const take = await nextTake(api, file);
  const story = renamed(file, take);
  const again = take === 1 ? '' : `, told again (${take})`;
  narrator.begin(`The first month: ${file.project.name}, as \`npm run demo\` makes it${again}`);
  const quiet = new Narrator(() => undefined);
  const clock = () => storyClock.now;
  const { tree, project } = await applyProjectFile({ api, file: story, narrator: quiet, clock });
  narrator.changed(`applied the file: ${quiet.counts.changed} steps`, quiet.counts.changed);
  const stage = { api, file: story, narrator, clock, project, tree, storyClock, zone: project.firstDay.zone };
  await storyClock.tick();
  return stage;
}

const groupOf = ({ tree }: Stage, path: string): string => nodeAt(tree, path).groupId;
const at = ({ project }: Stage, groupId: string, what: string): string =>
  `/projects/${project.projectId}/groups/${groupId}/${what}`;
const iso = (instant: number): string => encodeURIComponent(new Date(instant).toISOString());

async function pass(stage: Stage, days: number): Promise<number> {
  await stage.storyClock.moveTo(stage.storyClock.now + days * DAY_MS);
  return stage.storyClock.now;
}

async function secondMonth(stage: Stage): Promise<void> {
  const { api, narrator, project, zone } = stage;
  const now = await pass(stage, 31);
  narrator.begin(`The second month: more is used (${momentText(now, zone)})`);
  const line = (path: string, resource: string, count: number) => ({ groupId: groupOf(stage, path), resource, count });
  const assignments = [line('Building B', 'sip_number', 20), line(UNIT_1, 'mobile_app', 5)];
  await api.post(`/projects/${project.projectId}/assignments`, { assignments });
  narrator.changed('20 more virtual numbers in Building B, 5 more mobile apps in unit 1', 25);
}

/** @returns when the request was refused */
async function thirdMonth(stage: Stage): Promise<number> {
  const { narrator, zone } = stage;
  const now = await pass(stage, 31);
  narrator.begin(`The third month: unit 2 wants one more mobile app (${momentText(now, zone)})`);
  await expectRefusal(stage, {
    title: 'One more mobile app in unit 2',
    refused: { code: 'LIMIT_EXCEEDED', available: 0, limitedBy: BUILDING },
    call: { method: 'POST', path: at(stage, groupOf(stage, UNIT_2), 'assignments'), body: { resource: 'mobile_app' } },
  });
  return now;
}

/** @returns an instant after the limit was raised */
async function fourthMonth(stage: Stage): Promise<number> {
  const { api, narrator, zone } = stage;
  const now = await pass(stage, 31);
  narrator.begin(`The fourth month: building A gets more (${momentText(now, zone)})`);
  const place = at(stage, groupOf(stage, BUILDING), 'restriction');
  const { allotments, ...settings } = requestAgain(await api.get<CurrentRestriction>(place));
  const units = { sip_number: 90, mobile_app: 70, ukey2: 5 };
  await api.put(place, { ...settings, allotments: allotments.map((one) => ({ ...one, units })) });
  narrator.changed('building A: 90 virtual numbers, 70 mobile apps');
  await api.post(at(stage, groupOf(stage, UNIT_2), 'assignments'), { resource: 'mobile_app' });
  narrator.changed('one more mobile app in unit 2');
  await stage.storyClock.tick();
  return stage.storyClock.now;
}

async function restOfTheTerm(stage: Stage, begun: number): Promise<void> {
  const { narrator, zone, storyClock } = stage;
  await storyClock.moveTo(begun + (PERIOD_DAYS + 1) * DAY_MS);
  narrator.begin(`Seven months are over, and with them the terms (${momentText(storyClock.now, zone)})`);
}

async function askAsOf(stage: Stage, instant: number): Promise<void> {
  const { api, narrator, zone } = stage;
  narrator.begin(`What could unit 2 use on ${momentText(instant, zone)}?`);
  const answer = await api.get<QuotaAsOfAnswer>(at(stage, groupOf(stage, UNIT_2), `quota/as-of?at=${iso(instant)}`));
  const { effectiveLimit, consumed, available } = answer.resources.mobile_app;
  const proven = answer.final ? 'final: nothing recorded later changes it' : answer.basis;
  narrator.note(`mobile apps: ${consumed} in use, limit ${effectiveLimit}, ${available} free (${proven})`);
}

async function askWhy(stage: Stage, instant: number): Promise<void> {
  const { api, narrator, zone } = stage;
  narrator.begin('Why not one more mobile app?');
  const path = at(stage, groupOf(stage, UNIT_2), `quota/why?resource=mobile_app&at=${iso(instant)}`);
  const { levels, toChange, proof } = await api.get<QuotaWhyAnswer>(path);
  for (const level of levels) narrator.note(levelText(level, zone));
  for (const change of toChange) {
    const where = 'name' in change && change.name !== undefined ? ` ${change.name}` : '';
    narrator.note(`to change it: ${change.kind}${where} by ${change.units.mobile_app ?? 'any number of'} mobile app`);
  }
  narrator.note(`proof: ${proof.events.length} events which, folded alone, give these numbers`);
}

function levelText({ name, groupId, limit, consumed, isBinding, event }: ExplainedLevel, zone: string): string {
  const set = event === null ? '' : `, set by ${event.actor ?? 'somebody'} on ${dateText(event.at, zone)}`;
  const level = groupId === null ? `the licenses of ${name}` : name;
  return `${isBinding ? '>' : ' '} ${level}: ${consumed} of ${limitText(limit)}${set}`;
}

async function askDiff(stage: Stage, from: number, to: number): Promise<void> {
  const { api, narrator } = stage;
  narrator.begin('What was different a month later?');
  const path = at(stage, groupOf(stage, UNIT_2), `quota/diff?from=${iso(from)}&to=${iso(to)}`);
  const { changes, events } = await api.get<QuotaDiffAnswer>(path);
  for (const change of changes.filter((each) => each.path.startsWith('resources.mobile_app')))
    narrator.note(`${change.path}: ${JSON.stringify(change.before)} -> ${JSON.stringify(change.after)}`);
  narrator.note(`${events.total} events in between, the last: ${events.items.at(-1)?.type ?? 'none'}`);
}

async function askUsage(stage: Stage, begun: number): Promise<void> {
  const { api, narrator, project, zone } = stage;
  narrator.begin(`How many virtual numbers did ${project.name} use?`);
  const period = `from=${iso(begun)}&to=${iso(begun + PERIOD_DAYS * DAY_MS)}&window=P1M`;
  const path = at(stage, project.projectId, `usage?resource=sip_number&${period}`);
  const { windows, total } = await api.get<UsageAnswer>(path);
  for (const { from, peak, peakAt, average } of windows)
    narrator.note(`${dateText(from, zone)}  peak ${peak} (first on ${dateText(peakAt, zone)}), average ${average}`);
  narrator.note(`in all: peak ${total.peak}, ${total.unitMs} unit-milliseconds, the sum of the months`);
}

function askInSql({ narrator, project, zone, tree }: Stage, instant: number): void {
  const groupId = nodeAt(tree, UNIT_2).groupId;
  narrator.begin('The same in SQL, in another terminal');
  narrator.note(
    'npm run sql -- grant --all-tenants --days 1   (with DATA_DIR of this system; it prints a psql command)',
  );
  narrator.note(`SELECT * FROM quota_at('${project.projectId}', '${groupId}', '${new Date(instant).toISOString()}');`);
  narrator.note(
    `SELECT window_from, peak, average FROM usage_windows('${project.projectId}', '${project.projectId}', 'sip_number', '${new Date(instant).toISOString()}'::timestamptz - interval '2 months', '${new Date(instant).toISOString()}', 'month', '${zone}');`,
  );
}

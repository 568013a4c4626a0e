import { setTimeout as sleep } from 'node:timers/promises';
import { untilReported, type Api } from '@allotree/api-client';
import type { StatementAnswer, StatementItem } from '@allotree/contracts';
import { applyProjectFile, type ProjectApplication } from './apply.js';
import { nodeAt, type Tree } from './tree.js';
import { CONSUMERS, type Consumer } from './billing-consumers.js';
import { nextTake, renamed } from './expiry-cast.js';
import { momentText, StoryClock } from './expiry-clock.js';
import { Narrator } from './narrator.js';
import type { ProjectFile } from '@allotree/project-file';
import { dateText } from './words.js';

export interface BillingTelling {
  readonly api: Api;
  /** Of the processes of a cluster. */
  readonly clocks: readonly Api[];
  readonly file: ProjectFile;
  readonly narrator: Narrator;
  /** Of the running system. */
  readonly dataDir: string;
}

/** The computations of a period differ. */
export class DifferentUse extends Error {
  override readonly name = 'DifferentUse';
}

interface Stage extends ProjectApplication {
  readonly tree: Tree;
  readonly storyClock: StoryClock;
  readonly zone: string;
  readonly accountId: string;
}

interface Period {
  readonly from: string;
  readonly until: string;
}

type Line = StatementAnswer['content']['lines'][number];

const DAY_MS = 86_400_000;
const UNIT_1 = 'Building A / Unit 1';
const TERMS = {
  currency: 'EUR',
  resources: {
    sip_number: { basis: 'time_weighted', unitPrice: '1.50' },
    mobile_app: { basis: 'time_weighted', unitPrice: '0.80' },
    ukey2: { basis: 'time_weighted', unitPrice: '2.00' },
  },
};

/**
 * Plays two months of the worked example as a postpaid project on a system whose clock can be moved: its statements, a late correction, and the use
 * as the example consumers compute it from the events.
 * @throws NoTestClock @throws DifferentUse
 */
export async function runBillingStory(telling: BillingTelling): Promise<void> {
  const stage = await setTheStage(telling);
  // The first period began when the project was created; those after it are whole months.
  await toEndOfPeriod(stage);
  const first = await firstMonth(stage);
  const issued = await statementAfter(stage, first);
  show(stage, issued);
  const second = await secondMonth(stage, first);
  show(stage, await statementAfter(stage, second));
  await compare(stage, telling.dataDir, [first, second]);
}

async function setTheStage({ api, clocks, file, narrator }: BillingTelling): Promise<Stage> {
  const storyClock = await StoryClock.of(api, clocks, 'billing');
  const take = await nextTake(api, file);
  const story = renamed(file, take);
  const postpaid: ProjectFile = { ...story, project: { ...story.project, billingMode: 'postpaid' } };
  narrator.begin(`The worked example as a postpaid project${take === 1 ? '' : `, told again (${take})`}`);
  const quiet = new Narrator(() => undefined);
  const clock = () => storyClock.now;
  const { tree, project } = await applyProjectFile({ api, file: postpaid, narrator: quiet, clock });
  narrator.changed(`applied the file: ${quiet.counts.changed} steps`, quiet.counts.changed);
  const { partnerId } = await api.get<{ partnerId: string }>(`/projects/${project.projectId}`);
  const accountId = `${partnerId}:${project.projectId}`;
  await storyClock.tick();
  await untilReported(api);
  await api.put(`/accounts/${accountId}/terms`, TERMS);
  narrator.changed('prices: 1.50 EUR a virtual number, 0.80 a mobile app, 2.00 a UKEY2, each for a month, by time');
  const zone = project.firstDay.zone;
  return { api, file: postpaid, narrator, clock, project, tree, storyClock, zone, accountId };
}

const current = async ({ api, project }: Stage): Promise<Period> => {
  const { period } = await api.get<{ period: Period }>(`/projects/${project.projectId}/billing-terms`);
  return period;
};

/** @returns the period that ended */
async function toEndOfPeriod(stage: Stage): Promise<Period> {
  const period = await current(stage);
  await stage.storyClock.moveTo(Date.parse(period.until) + 1_000);
  return period;
}

async function firstMonth(stage: Stage): Promise<Period> {
  const { api, narrator, project, tree, storyClock, zone } = stage;
  await storyClock.moveTo(storyClock.now + 15 * DAY_MS);
  narrator.begin(`The first month: more is used from the middle on (${momentText(storyClock.now, zone)})`);
  const groupId = nodeAt(tree, 'Building B').groupId;
  const assignments = [{ groupId, resource: 'sip_number', count: 20 }];
  await api.post(`/projects/${project.projectId}/assignments`, { assignments });
  narrator.changed('20 more virtual numbers in Building B', 20);
  return toEndOfPeriod(stage);
}

async function secondMonth(stage: Stage, first: Period): Promise<Period> {
  const { api, narrator, project, tree, storyClock, zone, accountId } = stage;
  await storyClock.moveTo(storyClock.now + 10 * DAY_MS);
  narrator.begin(
    `The second month: a flat moves out, and something is put right (${momentText(storyClock.now, zone)})`,
  );
  const place = `/projects/${project.projectId}/groups/${nodeAt(tree, UNIT_1).groupId}/assignments`;
  const used = await api.list<{ assignmentId: string; resource: string }>(place);
  const keys = used.filter(({ resource }) => resource === 'ukey2').map(({ assignmentId }) => assignmentId);
  await api.post(`/projects/${project.projectId}/releases`, { assignmentIds: keys });
  narrator.changed(`${keys.length} UKEY2 given back in unit 1`, keys.length);
  const line = { resource: 'sip_number', quantity: '-2' };
  const reason = 'Two numbers were used by the fitter in the first month';
  await api.post(`/accounts/${accountId}/adjustments`, { period: first.from, line, reason });
  narrator.changed(`a late correction of the first month, whose statement stays unchanged: ${reason}`);
  return toEndOfPeriod(stage);
}

async function statementAfter({ api, accountId }: Stage, { from }: Period): Promise<StatementAnswer> {
  for (;;) {
    const items = await api.list<StatementItem>(`/accounts/${accountId}/statements`);
    const found = items.find((item) => item.from === from);
    if (found) return api.get<StatementAnswer>(`/statements/${found.statementId}`);
    await sleep(100);
  }
}

function show({ narrator, zone }: Stage, { content, hash }: StatementAnswer): void {
  const { number, period, lines, total, currency, previousHash } = content;
  narrator.begin(`Statement ${number}: ${dateText(period.from, zone)} to ${dateText(period.until, zone)}`);
  for (const line of lines) narrator.note(lineText(line, zone, currency ?? ''));
  narrator.note(`total ${total ?? '-'} ${currency ?? ''}`);
  narrator.note(
    `hash ${hash.slice(0, 16)}..., after ${previousHash === null ? 'none' : `${previousHash.slice(0, 16)}...`}`,
  );
}

function lineText(
  { type, resource, servicePeriod, quantity, amount, reason }: Line,
  zone: string,
  currency: string,
): string {
  const month = `${dateText(servicePeriod.from, zone)} to ${dateText(servicePeriod.until, zone)}`;
  const what = [type, resource ?? '', quantity ?? '', amount === null ? '' : `${amount} ${currency}`, month];
  return [...what, ...(reason === null ? [] : [`(${reason})`])].filter((text) => text !== '').join('  ');
}

/** Prints what each computation has, and fails where they differ. */
async function compare(stage: Stage, dataDir: string, periods: readonly Period[]): Promise<void> {
  const { api, narrator, accountId } = stage;
  narrator.begin('The same from the events alone, by the consumers in examples/');
  const { tenantId } = await api.get<{ tenantId: string }>(`/projects/${stage.project.projectId}`);
  const key = await api.post<{ keyId: string; secret: string }>('/api-keys', {
    name: 'billing example',
    permissions: ['events:read'],
    tenantId,
  });
  const environment = { API_URL: `${api.url}/api/v1`, API_KEY_ID: key.keyId, API_KEY_SECRET: key.secret };
  const ours = await Promise.all(periods.map((period) => billedUse(stage, period)));
  for (const consumer of CONSUMERS) await compareWith(stage, consumer, { environment, dataDir, ours });
  await api.ask({ method: 'DELETE', path: `/api-keys/${key.keyId}` });
  narrator.note(`everybody can verify them: npm run statements -- verify ${accountId}`);
}

interface BilledUse {
  readonly period: Period;
  /** Unit-milliseconds by resource. */
  readonly use: ReadonlyMap<string, string>;
}

async function billedUse(stage: Stage, period: Period): Promise<BilledUse> {
  const { content } = await statementAfter(stage, period);
  const lines = content.lines.filter(({ type }) => type === 'usage');
  return { period, use: new Map(lines.map((line) => [line.resource ?? '', line.unitMilliseconds ?? ''])) };
}

interface Comparison {
  readonly environment: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly ours: readonly BilledUse[];
}

async function compareWith(
  stage: Stage,
  consumer: Consumer,
  { environment, dataDir, ours }: Comparison,
): Promise<void> {
  const { narrator, project, zone } = stage;
  const measured = await consumer.measure(environment, dataDir);
  if (measured === null) return narrator.note(`${consumer.name}: skipped, a program that it needs is missing`);
  const own = measured.filter(({ projectId }) => projectId === project.projectId);
  for (const { period, use } of ours)
    for (const [resource, unitMilliseconds] of use) {
      const found = own.find((each) => each.resource === resource && Date.parse(each.from) === Date.parse(period.from));
      const theirs = found?.unitMilliseconds ?? 'nothing';
      const text = `${consumer.name}, ${dateText(period.from, zone)}, ${resource}: ${theirs} unit-milliseconds`;
      if (theirs !== unitMilliseconds) throw new DifferentUse(`${text}, but the statement has ${unitMilliseconds}`);
      narrator.note(`${text}, as the statement`);
    }
}

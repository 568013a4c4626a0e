import type { Expiry, PageOf } from '@allotree/contracts';
import type { Api } from '@allotree/api-client';
import { nodeAt, type Tree } from './tree.js';
import { applyProjectFile, type ProjectApplication } from './apply.js';
import { requestAgain, type CurrentRestriction } from './rehearsals.js';
import { appoint, CAST, nextTake, renamed } from './expiry-cast.js';
import { momentText, morningBefore, StoryClock } from './expiry-clock.js';
import { Mailbox } from './expiry-mails.js';
import { Narrator } from './narrator.js';
import type { ProjectFile } from '@allotree/project-file';
import { quotaTable } from './quota-table.js';
import { dateText } from './words.js';

export interface ExpiryTelling {
  readonly api: Api;
  readonly file: ProjectFile;
  readonly narrator: Narrator;
  /** Where the mails are kept for a browser. */
  readonly mailFolder: string;
}

/** What every scene works with. */
interface Stage extends ProjectApplication {
  readonly tree: Tree;
  readonly storyClock: StoryClock;
  readonly mailbox: Mailbox;
  readonly zone: string;
}

const BUILDING = 'Building A';
/** Groups that end with building A, and are extended with it. */
const ENDING = [BUILDING, `${BUILDING} / Unit 2`];
const LEADS = [30, 7, 3];
const COMPANY_REMINDER = { daysBefore: [14], recurrence: 'weekly', recipients: 'administrators' } as const;
const COMPANY_LEADS = [14, 7];

/**
 * Plays the last weeks of the worked example's terms, and the day after, on a system whose clock can be moved (E1 to
 * E4, and section 3).
 * @throws NoTestClock
 */
export async function runExpiryStory(telling: ExpiryTelling): Promise<void> {
  const stage = await setTheStage(telling);
  await remindersOfBuilding(stage);
  await endOfBuilding(stage);
  await extension(stage);
  await remindersOfLicense(stage);
  await endOfLicense(stage);
}

async function setTheStage({ api, file, narrator, mailFolder }: ExpiryTelling): Promise<Stage> {
  const storyClock = await StoryClock.of(api, [], 'expiry');
  const take = await nextTake(api, file);
  const story = renamed(file, take);
  narrator.begin(
    `The stage: ${file.project.name}, as \`npm run demo\` makes it${take === 1 ? '' : `, told again (${take})`}`,
  );
  const quiet = new Narrator(() => undefined);
  const clock = () => storyClock.now;
  const { tree, project } = await applyProjectFile({ api, file: story, narrator: quiet, clock });
  narrator.changed(`applied the file: ${quiet.counts.changed} steps`, quiet.counts.changed);
  await appoint(api, project.projectId, (path) => nodeAt(tree, path).groupId);
  for (const { name, email, group } of CAST) narrator.changed(`${name} <${email}> administers ${group}`);
  const zone = project.firstDay.zone;
  const mailbox = new Mailbox(api, project.projectId, mailFolder);
  const stage = { api, file: story, narrator, clock, project, tree, storyClock, mailbox, zone };
  await remindCompany(stage);
  await showEnds(stage);
  return stage;
}

/** The company has no limits of its own, only a reminder of the end of its license. */
async function remindCompany({ api, narrator, project, tree }: Stage): Promise<void> {
  const body = { enabled: false, reminder: COMPANY_REMINDER };
  await api.put(`/projects/${project.projectId}/groups/${tree.root.groupId}/restriction`, body);
  narrator.changed(`${project.name} gets a reminder two weeks before its license ends, and weekly from then on`);
}

async function showEnds({ api, narrator, project, zone }: Stage): Promise<void> {
  const { items } = await api.get<PageOf<Expiry>>(`/projects/${project.projectId}/expiries`);
  narrator.note(`what ends, by /api/v1/projects/${project.projectId}/expiries:`);
  for (const { what, groupName, validUntil, daysLeft } of items)
    narrator.note(`  ${dateText(validUntil, zone)}  the ${what} of ${groupName}, in ${daysLeft} days`);
}

async function remindersOfBuilding(stage: Stage): Promise<void> {
  const { narrator, zone } = stage;
  narrator.begin(`${BUILDING} ends: reminders ${LEADS.join(', ')} days before, at 08:00 in ${zone}`);
  const end = await endOf(stage, BUILDING);
  for (const days of LEADS) await moveAndTell(stage, morningBefore(end, days, zone));
}

async function endOfBuilding(stage: Stage): Promise<void> {
  const { narrator, storyClock, zone } = stage;
  const end = await endOf(stage, BUILDING);
  narrator.begin(`The end of ${BUILDING}: from one second to the next`);
  await storyClock.moveTo(end - 2_000);
  narrator.note(`${momentText(end - 2_000, zone)}   ${await useText(stage, BUILDING)}`);
  await storyClock.moveTo(end);
  narrator.changed(`${momentText(end, zone)}   ${await useText(stage, BUILDING)}`);
  narrator.note(`${' '.repeat(25)}${await useText(stage, 'Building B')}`);
  await stage.mailbox.reportNew(narrator);
}

async function extension(stage: Stage): Promise<void> {
  const { api, narrator, project, tree, storyClock, zone } = stage;
  const end = await endOf(stage, BUILDING);
  const longer = new Date(await endOfProject(stage)).toISOString();
  narrator.begin(`The next morning ${BUILDING} is extended to the end of the license, ${dateText(longer, zone)}`);
  await storyClock.moveTo(morningBefore(end, -1, zone));
  for (const path of ENDING) {
    const place = `/projects/${project.projectId}/groups/${nodeAt(tree, path).groupId}/restriction`;
    const { allotments, ...settings } = requestAgain(await api.get<CurrentRestriction>(place));
    await api.put(place, { ...settings, allotments: allotments.map((one) => ({ ...one, validUntil: longer })) });
    narrator.changed(`extended ${path}: ${await useText(stage, BUILDING)}`);
  }
  narrator.note('unit 2 has its own end and no reminder, so it gets no mail');
  await storyClock.tick();
  await stage.mailbox.reportNew(narrator);
}

async function remindersOfLicense(stage: Stage): Promise<void> {
  const { narrator, zone } = stage;
  narrator.begin('The license of the project ends, and building A with it');
  const end = await endOfProject(stage);
  const days = [...new Set([...COMPANY_LEADS, ...LEADS])].sort((a, b) => b - a);
  for (const before of days) {
    const instant = morningBefore(end, before, zone);
    if (instant > stage.storyClock.now) await moveAndTell(stage, instant);
  }
}

async function endOfLicense(stage: Stage): Promise<void> {
  const { narrator, storyClock, mailbox, zone } = stage;
  const end = await endOfProject(stage);
  narrator.begin('The end of the license: only the Basic license of each device remains');
  await storyClock.moveTo(end);
  narrator.changed(`${momentText(end, zone)}   ${await useText(stage, 'Building B')}`);
  await mailbox.reportNew(narrator);
  narrator.begin('The day after');
  await storyClock.moveTo(morningBefore(end, -1, zone));
  await mailbox.reportNew(narrator);
  narrator.block(await quotaTable(stage, stage.tree));
  narrator.note(`${mailbox.count} mails in all; each went out once.`);
}

async function moveAndTell({ narrator, storyClock, mailbox, zone }: Stage, instant: number): Promise<void> {
  await storyClock.moveTo(instant);
  narrator.changed(momentText(instant, zone));
  await mailbox.reportNew(narrator);
}

/** When the allotment of a group ends. */
async function endOf({ api, project, tree }: Stage, path: string): Promise<number> {
  const place = `/projects/${project.projectId}/groups/${nodeAt(tree, path).groupId}/restriction`;
  const { allotments } = await api.get<CurrentRestriction>(place);
  return Date.parse(allotments[0]?.validUntil ?? '');
}

/** When the license that was issued to the project ends. */
async function endOfProject({ api, project }: Stage): Promise<number> {
  const { items } = await api.get<{ items: { type: string; validUntil: string | null }[] }>(
    `/projects/${project.projectId}/licenses`,
  );
  return Date.parse(items.find(({ type }) => type === 'plus')?.validUntil ?? '');
}

async function useText({ api, project, tree }: Stage, path: string): Promise<string> {
  const { resources } = await api.get<{ resources: Record<string, { consumed: number; suspended: number }> }>(
    `/projects/${project.projectId}/groups/${nodeAt(tree, path).groupId}/quota`,
  );
  const { consumed = 0, suspended = 0 } = resources['sip_number'] ?? {};
  return `${path}: ${consumed} virtual numbers work, ${suspended} are suspended`;
}

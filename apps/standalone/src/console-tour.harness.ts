import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Api } from '@allotree/api-client';
import type { RunningSystem } from '@allotree/testing/running-system';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ConsolePages } from './console-pages.harness.js';
import { loaded, type Person } from './console.harness.js';

/** The Monday on which the tour begins; far ahead, since a clock is only moved forward. */
const BEGIN = '2030-01-07T08:00:00.000Z';
/** A reminder of 30 days before the end of June has been sent by then. */
const MONDAY_IN_JUNE = '2030-06-03T07:00:00.000Z';
const VIEWPORT = { width: 1280, height: 860 };
const QUALITY = 82;

/** Everything in a picture keeps its place and shows no blinking. */
const STILL = '* { caret-color: transparent !important; transition: none !important; animation: none !important; }';

/** The pictures of the tour, by name, as WebP. */
export type Pictures = ReadonlyMap<string, Buffer>;

/** A distributor with an empty project of 55 virtual numbers, whose administrator has nothing but the address and a password. */
async function prepare(system: RunningSystem, pages: ConsolePages): Promise<Person> {
  const { api } = system;
  await api.put('/test-clock', { now: BEGIN });
  const administrator = { name: 'Ada Berg', email: 'ada.berg@nordlicht.example' };
  const partner = { name: 'Nordlicht Distribution', kind: 'distributor', administrator };
  const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
  const features = ['remote_door_opening', 'apple_watch', 'siri', 'guest_access', 'license_plates'];
  const bought = { name: 'Plus 500', features, units: { sip_number: 500, mobile_app: 400, ukey2: 0 } };
  const { packageId } = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, bought);
  const project = { name: 'Hafenblick', partnerId, timeZone: 'Europe/Berlin' };
  const { projectId } = await api.post<{ projectId: string }>('/projects', project);
  const units = { sip_number: 55, mobile_app: 45, ukey2: 0 };
  await api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units, features });
  const groupId = await newGroup(system, projectId, projectId, 'building', 'Building A');
  for (const name of ['Unit 1', 'Unit 2']) await newGroup(system, projectId, groupId, 'unit', name);
  await newGroup(system, projectId, projectId, 'building', 'Building B');
  const caretaker = { name: 'Tom Falk', email: 'tom.falk@hafenblick.example', role: 'site_administrator' };
  await api.post(`/projects/${projectId}/groups/${groupId}/members`, caretaker);
  await api.post('/auth/password-resets', { email: administrator.email });
  const token = await pages.mailedToken(administrator.email);
  const person = { email: administrator.email, password: 'a-walk-along-the-harbor' };
  await api.post('/auth/password-resets/confirm', { token, password: person.password });
  const ada = await Api.signIn(system.url, person.email, person.password);
  await ada.patch('/me', { name: administrator.name, timeZone: project.timeZone });
  return person;
}

async function newGroup(
  { api }: RunningSystem,
  projectId: string,
  parentId: string,
  type: string,
  name: string,
): Promise<string> {
  return (await api.post<{ groupId: string }>(`/projects/${projectId}/groups`, { parentId, type, name })).groupId;
}

/**
 * What the tutorial about the console describes, done by a distributor on a system with `TEST_CLOCK=1`: 50 numbers and 40 apps for a
 * building until a date, why 60 would be refused, a reminder, and the mail that it leads to.
 */
export async function takeTour(system: RunningSystem, browser: Browser): Promise<Pictures> {
  const person = await prepare(system, new ConsolePages(system, () => browser));
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    colorScheme: 'light',
    viewport: VIEWPORT,
  });
  const tour = new Tour(system, await newPage(context));
  try {
    await tour.signIn(person);
    await tour.findBuilding();
    await tour.asksForTooMany();
    await tour.allots();
    await tour.seesWhatIsLeft();
    await tour.findsMail(person);
  } finally {
    await context.close();
  }
  return tour.pictures;
}

async function newPage(context: BrowserContext): Promise<Page> {
  await context.clock.setFixedTime(BEGIN);
  return context.newPage();
}

class Tour {
  readonly pictures = new Map<string, Buffer>();

  constructor(
    private readonly system: RunningSystem,
    private readonly page: Page,
  ) {}

  async signIn({ email, password }: Person): Promise<void> {
    const { page } = this;
    await page.goto(this.system.url);
    await page.getByLabel('E-mail').fill(email);
    await page.locator('input[type=password]').fill(password);
    await this.keep('sign-in');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await this.keep('overview');
  }

  async findBuilding(): Promise<void> {
    const { page } = this;
    await page.getByRole('link', { name: 'Projects' }).click();
    await page.getByRole('link', { name: 'Hafenblick' }).click();
    await page.getByRole('heading', { level: 1, name: 'Hafenblick' }).waitFor();
    await this.keep('project');
    await page.getByRole('link', { name: 'Open the object groups' }).click();
    await page.getByRole('row', { name: 'Building A' }).click();
    await page.getByRole('heading', { level: 1, name: 'Building A' }).waitFor();
    await page.getByText('Limited by the licenses of the project').first().waitFor();
    await page.getByText('Enable restriction').waitFor();
    await this.keep('building');
  }

  async asksForTooMany(): Promise<void> {
    const { page } = this;
    await page.getByRole('switch', { name: 'Enable restriction' }).check();
    await page.getByRole('button', { name: 'Add new license' }).click();
    await page.getByLabel('Virtual numbers', { exact: true }).fill('60');
    await page.getByLabel('Mobile applications', { exact: true }).fill('40');
    const refusal = page.getByText(
      '60 virtual numbers asked for, 55 available. Limited by the licenses of the project.',
    );
    await refusal.waitFor();
    await refusal.scrollIntoViewIfNeeded();
    await this.keep('refused');
    await page.getByRole('button', { name: 'Why? Virtual numbers' }).click();
    await page.getByRole('dialog').getByText('55', { exact: false }).first().waitFor();
    await this.keep('why');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  async allots(): Promise<void> {
    const { page } = this;
    await page.getByLabel('Virtual numbers', { exact: true }).fill('50');
    await page.getByLabel('Valid until').fill('2030-06-30');
    await page.keyboard.press('Enter');
    await page.getByText('This can be saved.').waitFor();
    const asked = page.waitForResponse(
      (answer) => answer.request().method() === 'PUT' && answer.url().includes('/restriction'),
    );
    await page.getByRole('switch', { name: 'Reminder of the end of the license period' }).check();
    await asked;
    await page.getByText('This can be saved.').waitFor();
    await page.evaluate("document.querySelector('[role=tablist]').scrollIntoView()");
    await this.keep('licenses');
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await this.keep('licenses-dark');
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
  }

  async seesWhatIsLeft(): Promise<void> {
    const { page } = this;
    await page.getByText('Limited by Building A').first().waitFor();
    await page.goto(page.url());
    await page.getByText('Limited by Building A').first().waitFor();
    await page.getByText('Enable restriction').waitFor();
    await this.keep('saved');
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByRole('tabpanel').getByText('2030').first().waitFor();
    await this.keep('history');
  }

  /** Five months later, when the session has ended. */
  async findsMail({ email, password }: Person): Promise<void> {
    const { page } = this;
    await this.system.api.put('/test-clock', { now: MONDAY_IN_JUNE });
    await page.clock.setFixedTime(MONDAY_IN_JUNE);
    await page.context().clearCookies();
    await page.goto(this.system.url);
    await page.getByLabel('E-mail').fill(email);
    await page.locator('input[type=password]').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('cell', { name: 'Building A' }).first().waitFor();
    await this.keep('ends');
    await page.getByRole('link', { name: 'Mails', exact: true }).click();
    await page.getByRole('cell', { name: 'tom.falk@hafenblick.example' }).first().waitFor();
    await this.keep('mail');
  }

  private async keep(name: string): Promise<void> {
    const { page } = this;
    await page.addStyleTag({ content: STILL });
    await loaded(page);
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
    await session.detach();
    this.pictures.set(name, Buffer.from(data, 'base64'));
  }
}

export async function writePictures(pictures: Pictures, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of pictures) await writeFile(join(folder, `${name}.webp`), content);
}

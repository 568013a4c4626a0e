import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addDays, dateAt, endOfDay } from '@allotree/domain';
import { describeInBrowser } from '@allotree/testing';
import { runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ADMIN_PASSWORD, expectAccessible, signedIn as signedInAs, type Look } from './console.harness.js';

const MINUTE = 60_000;
/** Of the project. */
const ZONE = 'Europe/Berlin';

interface Usage {
  readonly total: { readonly peak: number };
  readonly windows: readonly { readonly peak: number; readonly low: number; readonly close: number }[];
}
interface Document {
  readonly statementId: string;
  readonly number: number;
  readonly hash: string;
  readonly from: string;
  readonly total: string;
}

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let projectId: string;
let accountId: string;
let documents: readonly Document[];
/** Of two months, the first after the one in which the project began. */
let firstDay: string;
let lastDay: string;
/** Two months of the worked example, which are billed. */
beforeAll(async () => {
  bench = await workbench();
  system = await bench.start({ ADMIN_PASSWORD, RATE_LIMIT_PER_ADDRESS: '0', TEST_CLOCK: '1' });
  const { code, output } = await runBuilt('demo', ['--billing'], { DATA_DIR: bench.dataDir }).ended;
  expect(code === 0 ? '' : output).toBe('');
  const partners = await system.api.list<{ partnerId: string; name: string }>('/partners');
  const dealer = partners.find(({ name }) => name === 'Kaiser Electric')!;
  const filter = encodeURIComponent(`documents > 0 AND sellerId = "${dealer.partnerId}"`);
  const [account] = await system.api.list<{ accountId: string; buyerId: string }>(`/accounts?filter=${filter}`);
  ({ accountId, buyerId: projectId } = account!);
  documents = await system.api.list<Document>(`/accounts/${accountId}/statements`);
  firstDay = dateAt(Date.parse(documents[1]!.from), ZONE);
  const [year, month] = firstDay.split('-').map(Number);
  lastDay = addDays(new Date(Date.UTC(year!, month! + 1)).toISOString().slice(0, 10), -1);
}, 3 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

describeInBrowser((browser) => {
  const signedIn = (path: string, look: Look, context: BrowserContextOptions = {}): Promise<void> =>
    signedInAs(browser(), system, path, look, context);
  const usagePage = (groupId: string, search = ''): string => `/projects/${projectId}/groups/${groupId}/usage${search}`;
  /** Clicks what saves a file, and reads it. */
  async function saved(page: Page, save: () => Promise<void>): Promise<Buffer> {
    const [download] = await Promise.all([page.waitForEvent('download'), save()]);
    return readFile(await download.path());
  }

  it(
    'shows the use of a group by month as the API answers it, in a picture, a table and a file',
    async () => {
      const end = new Date(endOfDay(lastDay, ZONE)).toISOString();
      const period = `from=${documents[1]!.from}&to=${end}&timeZone=${ZONE}`;
      const usage = await system.api.get<Usage>(
        `/projects/${projectId}/groups/${projectId}/usage?resource=sip_number&window=P1M&${period}`,
      );
      expect(usage.windows).toHaveLength(2);
      await signedIn(usagePage(projectId, `?window=P1M&from=${firstDay}&to=${lastDay}`), async (page) => {
        await page.getByText(`At most ${usage.total.peak} virtual numbers were in use at once`).waitFor();
        await page.getByRole('img', { name: `At most ${usage.total.peak} virtual numbers` }).waitFor();
        const row = page.getByRole('row', { name: firstDay });
        const [first] = usage.windows;
        expect(await row.getByRole('cell').first().innerText()).toBe(String(first!.peak));
        expect(await row.getByRole('cell').nth(2).innerText()).toBe(String(first!.low));
        expect(await row.getByRole('cell').last().innerText()).toBe(String(first!.close));
        const file = await saved(page, () => page.getByRole('button', { name: 'Save as CSV' }).click());
        const [head, ...lines] = file.toString().trimEnd().split('\r\n');
        expect(head).toBe('from,until,open,close,peak,peakAt,low,average,unitMs');
        expect(lines.map((line) => Number(line.split(',')[4]))).toEqual(usage.windows.map(({ peak }) => peak));
        await page.getByRole('link', { name: 'Building B' }).click();
        await page.getByRole('heading', { name: 'Usage of Building B' }).waitFor();
        expect(new URL(page.url()).searchParams.get('to')).toBe(lastDay);
      });
    },
    MINUTE,
  );

  it(
    'begins a period with the project where an earlier day is asked for',
    async () => {
      await signedIn(usagePage(projectId, `?from=2020-01-01&to=${lastDay}&window=P1M`), async (page) => {
        await page.getByText('At most').first().waitFor();
        // The first billing period begins with the project.
        expect(await page.getByLabel('First day').inputValue()).toBe(dateAt(Date.parse(documents[0]!.from), ZONE));
      });
    },
    MINUTE,
  );

  it(
    'leads from the accounts to a statement, which the browser verifies',
    async () => {
      const last = documents.at(-1)!;
      await signedIn('/statements', async (page) => {
        await page.getByRole('row', { name: 'Hafenblick Kaiser Electric' }).getByRole('link').click();
        await page.getByRole('heading', { name: 'Period in progress' }).waitFor();
        await page.getByText('They agree').waitFor();
        await page.getByRole('link', { name: `Statement ${last.number}` }).click();
        await page.getByText('The hash belongs to the content.').waitFor();
        await page.getByText('The signature was made with a published key of this system.').waitFor();
        expect(await page.getByRole('row', { name: 'Total' }).innerText()).toContain(last.total);
        const file = await saved(page, async () => {
          await page.getByRole('button', { name: 'Download' }).click();
          await page.getByRole('menuitem', { name: 'JSON' }).click();
        });
        expect(createHash('sha256').update(file).digest('hex')).toBe(last.hash);
        await page.emulateMedia({ media: 'print' });
        expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false);
        expect(await page.getByRole('navigation').isVisible()).toBe(false);
      });
    },
    MINUTE,
  );

  it(
    'says so where a statement was changed after it was issued',
    async () => {
      const { statementId } = documents[0]!;
      await signedIn('/', async (page) => {
        await page.route(`**/statements/${statementId}.json`, async (route) => {
          const answer = await route.fetch();
          await route.fulfill({ response: answer, body: (await answer.text()).replace('"number":1', '"number":9') });
        });
        await page.goto(`${system.url}/statements/${accountId}/${statementId}`);
        await page.getByText('The hash does not belong to the content.').waitFor();
        await page.getByText('The signature could not be confirmed.').waitFor();
      });
    },
    MINUTE,
  );

  it(
    'meets WCAG 2.2 AA, in German and on a telephone',
    async () => {
      const paths = [
        usagePage(projectId, `?from=${firstDay}&to=${lastDay}`),
        '/statements',
        `/statements/${accountId}`,
        `/statements/${accountId}/${documents[0]!.statementId}`,
      ];
      await signedIn(
        '/',
        async (page) => {
          await expectAccessible(page, system, paths);
          await page.getByRole('heading', { name: 'In diesem Browser geprüft' }).waitFor();
          // Nothing is wider than the screen.
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
        },
        { locale: 'de-DE', viewport: { width: 320, height: 800 } },
      );
    },
    2 * MINUTE,
  );
});

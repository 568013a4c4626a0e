import { expect } from '@jest/globals';
import type { RunningSystem } from '@allotree/testing/running-system';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export const ADMIN = { email: 'admin@allotree.local', password: 'a-walk-along-the-harbor' };
export const HOSTILE = `<img src=x onerror="document.title='owned'"> "'\${7*7}`;

export interface Person {
  readonly email: string;
  readonly password: string;
}

/** The console of a running system in a browser. */
export class ConsolePages {
  constructor(
    readonly system: RunningSystem,
    private readonly browser: () => Browser,
  ) {}

  /** A browser of its own at an address; the spec fails where a page reports an error. */
  async at(path: string, look: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
    const viewport = { width: 1280, height: 1000 };
    const context = await this.browser().newContext({ locale: 'en-GB', viewport, ...options });
    try {
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        // A refusal is an answer, which the browser itself notes.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          faults.push(message.text());
      });
      await page.goto(`${this.system.url}${path}`);
      await look(page);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  }

  /** The same, signed in. */
  as(
    { email, password }: Person,
    path: string,
    look: (page: Page) => Promise<void>,
    options?: BrowserContextOptions,
  ): Promise<void> {
    const signIn = async (page: Page): Promise<void> => {
      await page.locator('input[type=email]').fill(email);
      await page.locator('input[type=password]').fill(password);
      await page.locator('button[type=submit]').click();
      await page.locator('header').waitFor();
      await look(page);
    };
    return this.at(path, signIn, options);
  }

  /** The secret in the link of the newest mail to an address. */
  async mailedToken(email: string): Promise<string> {
    const { api } = this.system;
    for (;;) {
      const [mail] = await api.list<{ outboxId: string }>(`/outbox?to=${encodeURIComponent(email)}`);
      const text = mail && (await api.get<{ text: string }>(`/outbox/${mail.outboxId}`)).text;
      const token = /#([\w-]{20,})/.exec(text ?? '')?.[1];
      if (token !== undefined) return token;
    }
  }

  /** Registers a management company with its own project. */
  async register(email: string, partnerName: string): Promise<Person> {
    const { api } = this.system;
    const registration = { kind: 'management_company', partnerName, objectName: `Object of ${partnerName}` };
    const details = { name: 'Kim Larsen', timeZone: 'Europe/Berlin', language: 'en' };
    await api.post('/registrations', { ...registration, ...details, email });
    await api.post('/registrations/confirm', { token: await this.mailedToken(email), password: ADMIN.password });
    return { email, password: ADMIN.password };
  }
}

/** What does not meet WCAG 2.2 AA on a page. */
export async function violationsOn(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(`axe
    .run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 150)).join(' | ')))`);
}

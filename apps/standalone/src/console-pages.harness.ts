import { until } from '@allotree/testing/until';
import type { RunningSystem } from '@allotree/testing/running-system';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { ADMIN, signedIn, visited, type Look, type Person } from './console.harness.js';

export const HOSTILE = `<img src=x onerror="document.title='owned'"> "'\${7*7}`;

/** The console of a running system in a browser. */
export class ConsolePages {
  constructor(
    readonly system: RunningSystem,
    private readonly browser: () => Browser,
  ) {}

  /** A browser that knows nobody, at an address; the spec fails where a page reports an error. */
  at(path: string, look: Look, options?: BrowserContextOptions): Promise<void> {
    return visited(this.browser(), `${this.system.url}${path}`, look, options);
  }

  /** The same, signed in. */
  as(person: Person, path: string, look: Look, options?: BrowserContextOptions): Promise<void> {
    return signedIn(this.browser(), this.system, path, look, options, person);
  }

  /** The secret in the link of the newest mail to an address. */
  async mailedToken(email: string): Promise<string> {
    const { api } = this.system;
    const token = async (): Promise<string> => {
      const [mail] = await api.list<{ outboxId: string }>(`/outbox?to=${encodeURIComponent(email)}`);
      const text = mail && (await api.get<{ text: string }>(`/outbox/${mail.outboxId}`)).text;
      return /#([\w-]{20,})/.exec(text ?? '')?.[1] ?? '';
    };
    return until(token);
  }

  /** Gives somebody who is a member or administrator by address the first password. */
  async enter(email: string): Promise<Person> {
    const { api } = this.system;
    await api.post('/auth/password-resets', { email });
    await api.post('/auth/password-resets/confirm', {
      token: await this.mailedToken(email),
      password: ADMIN.password,
    });
    return { email, password: ADMIN.password };
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

import { ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import { PG_POOL } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import { hashPassword } from '@allotree/identity';
import type pg from 'pg';
import { Service, type Answer } from '../service-under-test.harness.js';

export const ADMIN_PASSWORD = 'the host of it all';
/** Mails are handed over within seconds; a quota that is used up must fail a test soon, not at its timeout. */
const MAIL_WAIT_MS = 30_000;
export const PASSWORD = 'correct horse battery staple';

/** Everybody in a spec comes from one address, on a fast machine within a minute. The limits have specs of their own. */
const ONE_NETWORK = {
  RATE_LIMIT_PER_ADDRESS: '0',
  ACCOUNT_MAILS_PER_NETWORK_HOUR: '0',
  ACCOUNT_MAILS_PER_NETWORK_DAY: '0',
};

/** The group service, as people without a token meet it, and the mails they get. */
export class People {
  private readonly mails: AccountMailJob[] = [];
  private listeners: (() => void)[] = [];

  private constructor(
    readonly service: Service,
    getsMails: boolean,
  ) {
    if (!getsMails) return;
    service.app
      .get(JobQueues, { strict: false })
      .work<AccountMailJob>(ACCOUNT_MAILS_QUEUE, ({ data }) => Promise.resolve(this.deliver(data)));
  }

  /** @param getsMails not where another one on the same database does */
  static async start(settings: Record<string, string> = {}, getsMails = true): Promise<People> {
    const ADMIN_PASSWORD_HASH = await hashPassword(ADMIN_PASSWORD);
    const fixed = { ADMIN_PASSWORD_HASH, TRUSTED_PROXIES: '127.0.0.1' };
    const service = await Service.start({ ...fixed, ...ONE_NETWORK, ...settings });
    return new People(service, getsMails);
  }

  get pool(): pg.Pool {
    return this.service.app.get<pg.Pool>(PG_POOL, { strict: false });
  }

  /** Without a token, or with somebody's. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    return this.service.request(method, path, body, { authorization: token === undefined ? '' : `Bearer ${token}` });
  }

  from(address: string, path: string, body: unknown): Promise<Answer> {
    return this.service.request('POST', path, body, { authorization: '', 'x-forwarded-for': address });
  }

  signIn(email: string, password = PASSWORD): Promise<Answer> {
    return this.ask('POST', '/auth/token', { email, password });
  }

  /** The next mail of a kind to an address that was not looked at yet. @throws Error when none comes */
  async mail(to: string, mailType: AccountMailJob['mailType']): Promise<AccountMailJob & { readonly token: string }> {
    const late = AbortSignal.timeout(MAIL_WAIT_MS);
    const expired = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true }));
    for (;;) {
      const index = this.mails.findIndex((mail) => mail.to === to && mail.mailType === mailType);
      if (index !== -1) {
        const [mail] = this.mails.splice(index, 1) as [AccountMailJob];
        return { ...mail, token: mail.path.split('#')[1] ?? '' };
      }
      await Promise.race([new Promise<void>((resolve) => this.listeners.push(resolve)), expired]);
      if (late.aborted) throw new Error(`no mail of the kind ${mailType} came to ${to}`);
    }
  }

  /** Mails to an address that nobody has looked at. */
  unread(to: string): readonly string[] {
    return this.mails.filter((mail) => mail.to === to).map((mail) => mail.mailType);
  }

  /** Registers a partner of its own tenant; the answer has the session of its administrator. */
  async partner(email: string, partnerName = 'Nordlicht', over: object = {}): Promise<Answer> {
    await this.ask('POST', '/registrations', { ...registration, email, partnerName, ...over });
    const { token } = await this.mail(email, 'registration');
    return this.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
  }

  /** A partner that registered and that the server administrator promoted. */
  async distributor(email: string, partnerName = 'Nordlicht'): Promise<Answer> {
    const answer = await this.partner(email, partnerName);
    await this.service.post(`/partners/${answer.body.partnerId as string}/promote`, undefined);
    return answer;
  }

  /** Invites somebody and has the invitation accepted; an access token. */
  async member(
    place: { projectId: string; groupId?: string; by: string },
    email: string,
    role: string,
  ): Promise<string> {
    const { projectId, groupId = projectId, by } = place;
    const invitations = [{ email, name: 'Kim Larsen', role }];
    await this.ask('POST', `/projects/${projectId}/groups/${groupId}/invitations`, { invitations }, by);
    const { token } = await this.mail(email, 'invitation');
    const { body } = await this.ask('POST', '/invitations/accept', { token, password: PASSWORD });
    return body.session.access_token as string;
  }

  async stop(): Promise<void> {
    await this.service.stop();
  }

  private deliver(mail: AccountMailJob): void {
    this.mails.push(mail);
    for (const listener of this.listeners.splice(0)) listener();
  }
}

export const registration = {
  kind: 'dealer',
  partnerName: 'Nordlicht',
  objectName: 'Hafenblick',
  name: 'Ada Berg',
  email: 'ada@nordlicht.example',
  timeZone: 'Europe/Berlin',
  language: 'de',
};

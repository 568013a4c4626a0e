import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfirmedRegistration, OutboxItem, OutboxMail, PageOf, PartnerItem } from '@allotree/contracts';
import { Api } from '@allotree/api-client';

/** A person of the story, signed in. */
export interface Player {
  readonly name: string;
  readonly email: string;
  readonly api: Api;
}

interface Session {
  readonly access_token: string;
}

/** No mail came, or no link in it. */
export class NoMail extends Error {
  override readonly name = 'NoMail';
}

const LOOKS = 150;
const LOOK_AGAIN_MS = 200;
/** The fragment of a link, which browsers do not send to any server. */
const LINK_TOKEN = /#([\w-]{20,})/;

export interface Registration {
  readonly kind: 'dealer' | 'management_company';
  readonly partnerName: string;
  readonly objectName: string;
}

export interface Distributor {
  readonly partnerId: string;
  readonly player: Player;
}

/** Signs people up at a running system as they would do it themselves: by forms and the links of mails. */
export class Cast {
  private readonly password = randomBytes(12).toString('base64url');

  /** @param host reads the embedded mail box for everybody */
  constructor(
    private readonly host: Api,
    private readonly take: number,
  ) {}

  /** The cast of the next run of the story on this system. */
  static async of(host: Api, firstPartner: string): Promise<Cast> {
    const names = new Set((await host.list<PartnerItem>('/partners')).map(({ name }) => name));
    let take = 1;
    while (names.has(numbered(firstPartner, take))) take += 1;
    return new Cast(host, take);
  }

  named(name: string): string {
    return numbered(name, this.take);
  }

  emailOf(name: string): string {
    const local = name.toLowerCase().replaceAll(' ', '.');
    return `${local}${this.take === 1 ? '' : `.${this.take}`}@lindgren.example`;
  }

  /** Registers a partner of its own tenant, follows the link of the mail, and is signed in. */
  async register(
    name: string,
    registration: Registration,
  ): Promise<{ player: Player; partnerId: string; projectId: string }> {
    const { player, partnerId, projectId } = await this.confirmed(name, registration);
    return { player, partnerId: partnerId as string, projectId: projectId as string };
  }

  /** Registers with the join code of a distributor, which approves. */
  async join(
    name: string,
    registration: Registration,
    { partnerId: distributorId, player: { api } }: Distributor,
  ): Promise<{ player: Player; partnerId: string; projectId: string }> {
    const { joinCode } = await api.post<{ joinCode: string }>(`/partners/${distributorId}/join-code`, {});
    const { player, joinRequestId } = await this.confirmed(name, { ...registration, joinCode });
    const approval = `/partners/${distributorId}/join-requests/${joinRequestId as string}/approve`;
    return { player, ...(await api.post<{ partnerId: string; projectId: string }>(approval, {})) };
  }

  private async confirmed(
    name: string,
    registration: Registration & { readonly joinCode?: string },
  ): Promise<ConfirmedRegistration & { player: Player }> {
    const anonymous = new Api(this.host.url, '');
    const email = this.emailOf(name);
    const body = { ...registration, name, email, timeZone: 'Europe/Stockholm' };
    await anonymous.post('/registrations', body);
    const token = await this.tokenOf(email, 'registration');
    const confirmed = await anonymous.post<ConfirmedRegistration>('/registrations/confirm', {
      token,
      password: this.password,
    });
    return { ...confirmed, player: await this.signIn(name) };
  }

  /** Takes an invitation that was mailed, choosing a password. */
  async accept(name: string): Promise<Player> {
    const token = await this.tokenOf(this.emailOf(name), 'invitation');
    await new Api(this.host.url, '').post('/invitations/accept', { token, password: this.password });
    return this.signIn(name);
  }

  private async signIn(name: string): Promise<Player> {
    const email = this.emailOf(name);
    const session = await new Api(this.host.url, '').post<Session>('/auth/token', { email, password: this.password });
    return { name, email, api: new Api(this.host.url, session.access_token) };
  }

  private async tokenOf(email: string, mailType: string): Promise<string> {
    for (let look = 0; look < LOOKS; look += 1) {
      const path = `/outbox?to=${encodeURIComponent(email)}`;
      const { items } = await this.host.get<PageOf<OutboxItem>>(path);
      const item = items.find((mail) => mail.mailType === mailType);
      if (item !== undefined) return this.tokenIn(item.outboxId);
      await sleep(LOOK_AGAIN_MS);
    }
    throw new NoMail(`no ${mailType} mail came to ${email}; is SMTP_URL set? The story reads the embedded mail box.`);
  }

  private async tokenIn(outboxId: string): Promise<string> {
    const { text } = await this.host.get<OutboxMail>(`/outbox/${outboxId}`);
    const token = LINK_TOKEN.exec(text)?.[1];
    if (token === undefined) throw new NoMail(`the mail ${outboxId} has no link`);
    return token;
  }
}

const numbered = (name: string, take: number): string => (take === 1 ? name : `${name} (${take})`);

import type { OutboxItem, OutboxMail } from '@allotree/contracts';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '@allotree/api-client';
import type { Narrator } from './narrator.js';

const EXCERPT_LINES = 8;

/** Shows each mail about a project once, and keeps it as a file for a browser. */
export class Mailbox {
  private readonly known = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly projectId: string,
    private readonly folder: string,
  ) {}

  get count(): number {
    return this.known.size;
  }

  /** Reports the mails received since the last call, oldest first. @returns their number */
  async reportNew(narrator: Narrator): Promise<number> {
    const mails = await this.api.list<OutboxItem>(`/outbox?projectId=${this.projectId}`);
    const received = mails.filter(({ outboxId }) => !this.known.has(outboxId)).reverse();
    for (const { outboxId } of received) {
      this.known.add(outboxId);
      await this.report(narrator, await this.api.get<OutboxMail>(`/outbox/${outboxId}`));
    }
    if (received.length === 0) narrator.note('(no mail)');
    return received.length;
  }

  private async report(narrator: Narrator, mail: OutboxMail): Promise<void> {
    const file = join(this.folder, `${String(this.known.size).padStart(2, '0')}-${mail.mailType}.html`);
    await mkdir(this.folder, { recursive: true });
    await writeFile(file, mail.html);
    narrator.note(`mail to ${mail.to}: ${mail.subject}`);
    for (const line of excerptOf(mail.text)) narrator.note(`  | ${line}`);
    narrator.note(`  ${this.api.url}/api/v1/outbox/${mail.outboxId}/html   for a browser: ${file}`);
  }
}

/** The first lines that say something. */
const excerptOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== 'Allotree')
    .slice(0, EXCERPT_LINES);

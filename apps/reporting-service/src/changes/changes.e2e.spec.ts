import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '@allotree/contracts';
import { Service } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, PROJECT } from '../tables/history.fixture.js';
import { MAX_OF_CALLER } from './project-changes.js';

const OPEN = /^retry: \d+\nevent: open\nid: \d+\ndata: \{"kinds":\[\]\}\n\n$/;

/** A stream of changes as a caller reads it. */
class Follower {
  private text = '';
  private readonly decoder = new TextDecoder();

  private constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly aborting: AbortController,
  ) {}

  static async of(service: Service, projectId: string, headers: Record<string, string> = {}): Promise<Follower> {
    const aborting = new AbortController();
    const response = await service.stream(`/projects/${projectId}/changes`, headers, aborting.signal);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    return new Follower(response.body!.getReader(), aborting);
  }

  /** Everything received once it matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      const { done, value } = await this.reader.read();
      if (done) throw new Error(`the stream ended after ${this.text}`);
      this.text += this.decoder.decode(value, { stream: true });
    }
    return this.text;
  }

  /** Resolves when the server ends the stream. */
  async ended(): Promise<void> {
    while (!(await this.reader.read()).done);
  }

  get lastId(): string {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].at(-1)![1]!;
  }

  close(): void {
    this.aborting.abort();
  }
}

const groups = aboutGroups('hafenblick');
const licensing = aboutLicensing('hafenblick');
const member = (userId: string, role: string) => ({
  groupId: 'z',
  memberId: `m-${userId}`,
  userId,
  email: `${userId}@example.com`,
  name: userId,
  role,
});
const memberAdded = (userId: string, role: string): CloudEvent =>
  groups(2, 'allotree.member-added.v1', member(userId, role));
const renamed = (name: string): CloudEvent =>
  groups(5, 'allotree.group-changed.v1', { groupId: 'z', type: 'building', name });

let service: Service;
beforeAll(async () => {
  service = await Service.start();
  await service.publish(
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [{ groupId: 'z', parentId: 'hafenblick', type: 'building', name: 'Building A' }],
    }),
    memberAdded('caretaker', 'concierge'),
  );
  await service.untilProjected();
});
let stopping: Promise<void> | undefined;
afterAll(() => stopping ?? service.stop());

describe('GET /projects/{p}/changes', () => {
  it('announces kinds of what changed, and nothing else', async () => {
    const follower = await Follower.of(service, 'hafenblick');
    expect(await follower.until(/\n\n/)).toMatch(OPEN);
    await service.publish(renamed('Annex'));
    expect(await follower.until(/event: change[^]*\n\n/)).toContain('data: {"kinds":["groups"]}');
    await service.publish(licensing(6, 'allotree.license-suspended.v1', { licenseId: 'license', reason: 'unpaid' }));
    await follower.until(/data: \{"kinds":\["licensing"\]\}/);
    follower.close();
  });

  it('announces at once what changed while nobody was connected', async () => {
    const before = await Follower.of(service, 'hafenblick');
    await before.until(/\n\n/);
    before.close();
    const witness = await Follower.of(service, 'hafenblick');
    await service.publish(renamed('Annex of the harbor'));
    await witness.until(/event: change/);
    witness.close();
    const after = await Follower.of(service, 'hafenblick', { 'last-event-id': before.lastId });
    expect(await after.until(/\n\n/)).toMatch(/event: open\nid: \d+\ndata: \{"kinds":\["groups"\]\}/);
    after.close();
  });

  it('announces kinds that a caller can read', async () => {
    const concierge = await Follower.of(service, 'hafenblick', await service.as({ userId: 'caretaker' }));
    await concierge.until(/\n\n/);
    await service.publish(memberAdded('neighbor', 'user'), renamed('Building A'));
    expect(await concierge.until(/event: change[^]*\n\n/)).not.toContain('members');
    concierge.close();
  });

  it('does not exist for strangers, nor for an unknown project', async () => {
    for (const [projectId, headers] of [
      ['hafenblick', await service.as({ userId: 'stranger' })],
      ['nothing', {}],
    ] as const) {
      const { status, body } = await service.get(`/projects/${projectId}/changes`, headers);
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    }
  });

  it('refuses an id that is none of its own', async () => {
    const { status, body } = await service.get('/projects/hafenblick/changes', { 'last-event-id': 'yesterday' });
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
  });

  it('ends when access is revoked', async () => {
    await service.publish(memberAdded('guest', 'concierge'));
    const follower = await Follower.of(service, 'hafenblick', await service.as({ userId: 'guest' }));
    await follower.until(/\n\n/);
    await service.publish(groups(8, 'allotree.member-removed.v1', member('guest', 'concierge')));
    await follower.ended();
  });

  it('refuses more streams than a caller can have, until one is closed', async () => {
    const caller = await service.as({ userId: 'caretaker' });
    const open = await Promise.all(
      Array.from({ length: MAX_OF_CALLER }, () => Follower.of(service, 'hafenblick', caller)),
    );
    const { status, body, headers } = await service.get('/projects/hafenblick/changes', caller);
    expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'RATE_LIMITED', '10']);
    for (const follower of open) follower.close();
  });

  it('ends when the process stops, which waits for no stream', async () => {
    const follower = await Follower.of(service, 'hafenblick');
    await follower.until(/\n\n/);
    stopping = service.stop();
    await Promise.all([follower.ended(), stopping]);
  });
});

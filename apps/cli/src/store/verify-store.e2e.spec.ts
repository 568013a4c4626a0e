import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreDbDouble } from '@allotree/testing';
import { runBuilt, workbench } from '@allotree/testing/running-system';

const MINUTES = 60_000;

interface Finding {
  readonly stream: string;
  readonly eventId: string | null;
  readonly code: string;
  readonly message: string;
}

describe('allotree verify --store, with the events in EventStoreDB', () => {
  let node: EventStoreDbDouble;
  let bench: Awaited<ReturnType<typeof workbench>>;
  let tree: string;
  beforeAll(async () => {
    node = await EventStoreDbDouble.start();
    bench = await workbench({ isNew: true });
    const { api } = await bench.start({ EVENT_STORE_URL: node.url });
    const { partnerId } = await api.post<{ partnerId: string }>('/partners', {
      name: 'Nordlicht',
      kind: 'distributor',
      administrator: { name: 'Ada Berg', email: 'ada@nordlicht.example' },
    });
    const { projectId } = await api.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
    tree = `group_tree-${projectId}`;
    for (const name of ['Building A', 'Building B', 'Building C'])
      await api.post(`/projects/${projectId}/groups`, { parentId: projectId, type: 'building', name });
    await api.get(`/projects/${projectId}/groups/${projectId}/quota`);
  }, 3 * MINUTES);
  afterAll(async () => {
    await bench.clear();
    await node.stop();
  }, MINUTES);

  const verify = async (...args: readonly string[]) => {
    const env = { DATA_DIR: bench.dataDir, EVENT_STORE_URL: node.url };
    const { code, output } = await runBuilt('cli', ['verify', '--store', '--output', 'json', ...args], env).ended;
    const json = output.slice(output.indexOf('['), output.lastIndexOf(']') + 1);
    return { code, output, findings: json === '' ? null : (JSON.parse(json) as Finding[]) };
  };
  /** The event of the tree of groups with this revision, as the node has it. */
  const entry = (revision: number) => node.log.stream(tree)[revision]!;

  it(
    'finds nothing in a store that is whole, of all projects and of one',
    async () => {
      const all = await verify();
      expect({ ...all, output: '' }).toEqual({ code: 0, output: '', findings: [] });
      expect(Number(/events read: (\d+)/.exec(all.output)?.[1])).toBeGreaterThan(node.log.stream(tree).length);
      const one = await verify('--project', 'Hafenblick');
      expect({ ...one, output: '' }).toEqual({ code: 0, output: '', findings: [] });
    },
    MINUTES,
  );

  it(
    'names the event whose data was changed',
    async () => {
      const changed = entry(2);
      const { data } = changed;
      Object.assign(changed, { data: Buffer.from(Buffer.from(data).toString().replace('Building B', 'Building X')) });
      const { code, findings } = await verify();
      Object.assign(changed, { data });
      expect({ code, findings }).toEqual({
        code: 1,
        findings: [expect.objectContaining({ stream: tree, eventId: changed.id, code: 'EVENT_CHANGED' })],
      });
    },
    MINUTES,
  );

  it(
    'finds a stream whose first events are missing, and reads on',
    async () => {
      node.log.truncateBefore(tree, 2);
      const { code, findings } = await verify();
      node.log.truncateBefore(tree, 0);
      expect({ code, findings }).toEqual({
        code: 1,
        findings: [
          {
            stream: tree,
            eventId: null,
            code: 'REVISION_MISSING',
            message: 'event 0 is missing: the stream was deleted or truncated',
          },
        ],
      });
    },
    MINUTES,
  );

  it(
    'finds a stream that was deleted',
    async () => {
      node.log.deleteSoftly(tree);
      const { code, findings } = await verify();
      node.log.truncateBefore(tree, 0);
      const lost = { stream: tree, eventId: null, code: 'REVISION_MISSING', message: 'it has no events' };
      expect({ code, findings }).toEqual({ code: 1, findings: [lost] });
    },
    MINUTES,
  );

  it(
    'finds the end of the log missing, by the checkpoints',
    async () => {
      const { entries } = node.log;
      const cut = entries.splice(entries.findIndex(({ streamName }) => streamName === tree));
      const { code, findings } = await verify();
      entries.push(...cut);
      expect(code).toBe(1);
      expect(findings).toContainEqual(
        expect.objectContaining({ stream: 'groups.checkpoint', code: 'CHECKPOINT_BEYOND_END' }),
      );
    },
    MINUTES,
  );
});

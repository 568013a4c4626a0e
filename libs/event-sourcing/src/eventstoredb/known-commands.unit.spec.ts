import { describe, expect, it } from '@jest/globals';
import { newEvent } from '@allotree/testing/event-store-contract';
import type { RecordedEvent } from '../event-store.js';
import { KnownCommands } from './known-commands.js';

/** Streams of events named by their command, with a record of what was read. */
function streams(held: Record<string, string[]>) {
  const asked: string[] = [];
  return {
    asked,
    async *read(streamName: string, fromRevision: number): AsyncIterable<RecordedEvent> {
      asked.push(`${streamName} from ${fromRevision}`);
      const commands = held[streamName] ?? [];
      for (let revision = fromRevision; revision < commands.length; revision++) {
        await Promise.resolve();
        yield { ...newEvent('A', {}, { commandId: commands[revision]! }), streamName, revision, position: 0n };
      }
    },
  };
}

describe('KnownCommands', () => {
  it('finds the first and last event of a command', async () => {
    const commands = new KnownCommands(streams({ s: ['a', 'b', 'b', 'b', 'c'] }).read);
    expect(await commands.find('s', 'b')).toEqual({ first: 1, last: 3 });
    expect(await commands.find('s', 'c')).toEqual({ first: 4, last: 4 });
    expect(await commands.find('s', 'd')).toBeNull();
  });

  it('resumes reading where it stopped, even within a command', async () => {
    const held = { s: ['a', 'b'] };
    const { asked, read } = streams(held);
    const commands = new KnownCommands(read);
    await commands.find('s', 'x');
    held.s.push('b', 'c');
    expect(await commands.find('s', 'b')).toEqual({ first: 1, last: 2 });
    expect(await commands.find('s', 'a')).toEqual({ first: 0, last: 0 });
    expect(asked).toEqual(['s from 0', 's from 2', 's from 4']);
  });

  it('gives the same result to concurrent lookups', async () => {
    const commands = new KnownCommands(streams({ s: ['a', 'b', 'b', 'c'] }).read);
    const places = await Promise.all(['b', 'b', 'c'].map((command) => commands.find('s', command)));
    expect(places).toEqual([
      { first: 1, last: 2 },
      { first: 1, last: 2 },
      { first: 3, last: 3 },
    ]);
    expect(await commands.find('s', 'a')).toEqual({ first: 0, last: 0 });
  });

  it('evicts the least recently used and oversized streams, and still answers', async () => {
    const { asked, read } = streams({ s: ['a', 'b'], t: ['c', 'd'], long: ['e', 'f', 'g', 'h', 'i'] });
    const commands = new KnownCommands(read, 5);
    for (const name of ['s', 't', 's', 'long', 'long']) await commands.find(name, 'x');
    expect(asked).toEqual(['s from 0', 't from 0', 's from 0', 'long from 0', 'long from 0']);
    expect(await commands.find('long', 'h')).toEqual({ first: 3, last: 3 });
  });

  it('discards the result of a failed read', async () => {
    const { read } = streams({ s: ['a', 'b', 'b'] });
    let failing = true;
    const commands = new KnownCommands(async function* (streamName, from) {
      for await (const event of read(streamName, from)) {
        if (failing && event.revision === 2) throw new Error('lost');
        yield event;
      }
    });
    await expect(commands.find('s', 'b')).rejects.toThrow('lost');
    failing = false;
    expect(await commands.find('s', 'b')).toEqual({ first: 1, last: 2 });
  });
});

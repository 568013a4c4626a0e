import { Readable, Writable } from 'node:stream';
import type { Host } from './host.js';
import { runProgram } from './program.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const collector = (into: (text: string) => void): NodeJS.WriteStream =>
  new Writable({
    write: (chunk, _encoding, done) => {
      into(String(chunk));
      done();
    },
  }) as unknown as NodeJS.WriteStream;

/** Runs a command line in this process, with nothing of the environment but `env`. */
export async function runCli(
  args: readonly string[],
  env: Host['env'],
  { stdin = '', onStderr = () => undefined }: { stdin?: string; onStderr?: (text: string) => void } = {},
): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const code = await runProgram(args, {
    env,
    stdin: Readable.from([Buffer.from(stdin)]) as unknown as NodeJS.ReadStream,
    stdout: collector((text) => (texts.stdout += text)),
    stderr: collector((text) => {
      texts.stderr += text;
      onStderr(text);
    }),
    now: () => Date.now(),
  });
  return { code, ...texts };
}

/** The words of an example, as a shell splits them. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');

/** Replaces what differs between runs: ids by the order in which they first appear, instants and cursors. */
export function masking(): (text: string) => string {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `<id-${ids.size + 1}>`);
    return ids.get(id)!;
  };
  return (text) =>
    text
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, '<server>')
      .replace(/eyJ[\w-]+\.[\w-]*\.[\w.-]+/g, '<cursor>')
      .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<instant>')
      .replace(/\b[0-9a-f]{32}\b/g, '<correlation-id>')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\d+)?/g, idOf);
}

import type { Command } from 'commander';
import type { Cli } from './cli.js';
import type { ExitCode } from './exit-codes.js';

/** Makes an action out of work that gets its tools first, then the arguments and options of the command, as commander passes them. */
export type Act = <Arguments extends unknown[]>(
  work: (cli: Cli, ...args: Arguments) => Promise<ExitCode | void>,
) => (...args: Arguments) => Promise<void>;

/**
 * A command of `allotree`: one file in `commands/`, and one line in `commands.ts`.
 *
 * ```ts
 * export const addGreet: AddCommand = (program, act) =>
 *   withExamples(program.command('greet'), { 'allotree greet': 'Say who you are' })
 *     .description('greet the signed-in user')
 *     .option('--loud', 'in capitals')
 *     .action(act(async ({ api, out }, options: { loud?: boolean }) => {
 *       const me = await (await api()).get<Me>('/me');
 *       out.record(me, [{ header: 'user', value: ({ email }) => email }]);
 *       return EXIT.done; // or nothing
 *     }));
 * ```
 *
 * Print with `out` alone. Let refusals of the API through (`api.get`, `api.post` throw them): they become a message and an exit code in
 * `problems.ts`. Throw a `CliError` for anything else that the caller can change. Check all input before the first request.
 */
export type AddCommand = (program: Command, act: Act) => void;

export interface Example {
  /** As typed: `allotree ...`. */
  readonly line: string;
  readonly says: string;
}

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Shows examples at the end of the help of a command; specs run them. */
export function withExamples(command: Command, examples: Readonly<Record<string, string>>): Command {
  const all = Object.entries(examples).map(([line, says]) => ({ line, says }));
  EXAMPLES.set(command, all);
  return command.addHelpText('after', () =>
    ['', 'Examples:', ...all.flatMap(({ line, says }) => [`  # ${says}`, `  ${line}`])].join('\n'),
  );
}

export const examplesOf = (command: Command): readonly Example[] => EXAMPLES.get(command) ?? [];

import { Command, CommanderError, Option } from 'commander';
import { createCli, outputOf } from './cli.js';
import type { Act } from './command.js';
import { COMMANDS } from './commands.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { GlobalOptions, Host } from './host.js';
import { OUTPUTS, type OutputFormat } from './output.js';
import { failureOf } from './problems.js';
import { VERSION } from './version.js';

const EXIT_CODES = `
Exit codes:
  0  done, or nothing to do
  1  any other failure: a wrong option, no server, no permission
  2  changes are pending
  3  refused by a rule
  4  stale: what it was decided on has changed since`;

const HELP = `
A server and a credential come from ALLOTREE_SERVER and ALLOTREE_API_KEY, else from a profile (\`allotree login\`), else
from the system running on DATA_DIR.`;

/** The whole command line; `ended` gets the exit code of a command that was carried out. */
export function createProgram(host: Host, ended: (code: ExitCode) => void): Command {
  const program = new Command('allotree')
    .description('Licenses of intercom and access-control clouds, from the command line')
    .version(VERSION, '--version', 'write the version')
    .option('--server <url>', 'URL of Allotree (ALLOTREE_SERVER)')
    .option('--tenant <id>', 'work on this tenant (ALLOTREE_TENANT)')
    .option('--profile <name>', 'profile to sign in with (ALLOTREE_PROFILE)')
    .addOption(new Option('-o, --output <format>', 'format of the result').choices(OUTPUTS).default('table'))
    .option('-q, --quiet', 'write results only')
    .option('--no-color', 'write no colors (NO_COLOR)')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run with --help for the options and examples.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
    })
    .addHelpText('after', `${HELP}\n${EXIT_CODES}`);
  const act: Act =
    (work) =>
    async (...args) => {
      const command = args.at(-1) as Command;
      ended((await work(createCli(host, command.optsWithGlobals<GlobalOptions>()), ...args)) ?? EXIT.done);
    };
  for (const add of COMMANDS) add(program, act);
  return program;
}

/** The format asked for, also where the command line could not be parsed. */
function formatIn(args: readonly string[]): OutputFormat {
  const joined = args.map((arg, index) =>
    /^(-o|--output)$/.test(arg) ? args[index + 1] : /^--output=(.*)$/.exec(arg)?.[1],
  );
  return OUTPUTS.find((format) => joined.includes(format)) ?? 'table';
}

/**
 * Runs a command line.
 *
 * @param args without the program: `['whoami', '--output', 'json']`
 * @throws any error that is a fault of this program
 */
export async function runProgram(args: readonly string[], host: Host): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    await createProgram(host, (reported) => (code = reported)).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
    const failure = failureOf(error);
    if (failure === null) throw error;
    const { problem, message, exitCode } = failure;
    const isJson = formatIn(args) === 'json' && problem !== undefined;
    outputOf(host, {}).error(isJson ? JSON.stringify(problem, null, 2) : message);
    return exitCode;
  }
}

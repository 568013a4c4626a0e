import { Help, type Command } from 'commander';
import { commandTree, type PlacedCommand } from './command-tree.js';
import { examplesOf } from './command.js';
import { createProgram } from './program.js';

const help = new Help();

const cellOf = (text: string): string => text.replaceAll('|', '\\|');

const table = (head: string, rows: readonly (readonly [string, string])[]): string[] =>
  rows.length === 0
    ? []
    : [
        `| ${head} | |`,
        '| --- | --- |',
        ...rows.map(([term, text]) => `| \`${cellOf(term)}\` | ${cellOf(text)} |`),
        '',
      ];

const optionsOf = (command: Command): [string, string][] =>
  command.options.map((option) => [help.optionTerm(option), help.optionDescription(option)]);

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function sectionOf({ path, command }: PlacedCommand): string[] {
  const args = command.registeredArguments;
  const examples = examplesOf(command);
  return [
    `## ${path}`,
    '',
    `\`${path} ${command.usage()}\``,
    '',
    sentence(command.description()),
    '',
    ...table(
      'Argument',
      args.map((argument) => [help.argumentTerm(argument), help.argumentDescription(argument)]),
    ),
    ...table('Option', optionsOf(command)),
    ...(examples.length === 0 ? [] : ['```', ...examples.flatMap(({ says, line }) => [`# ${says}`, line]), '```', '']),
  ];
}

const isGroup = ({ command }: PlacedCommand): boolean => command.commands.length > 0;

/** The reference of all commands as Markdown, without the note at its beginning. */
export function cliReference(): string {
  const { stdin, stdout, stderr } = process;
  const program = createProgram({ env: {}, stdin, stdout, stderr, now: () => 0 }, () => undefined);
  const commands = commandTree(program).filter((placed) => !isGroup(placed));
  return [
    '# allotree',
    '',
    'The command line: `npm run allotree -- <command>` in a clone, `allotree <command>` where it is installed.',
    '',
    'A server and a credential come from `ALLOTREE_SERVER` and `ALLOTREE_API_KEY` (`<keyId>:<secret>`), else from a profile',
    '(`allotree login`, kept in `~/.config/allotree` or below `XDG_CONFIG_HOME`, readable by its owner alone), else from the system that runs on `DATA_DIR`. The',
    'credential of a profile is sent to the server of that profile only. Results go to standard output, remarks and errors to standard error.',
    '',
    ...table('Option of every command', optionsOf(program)),
    '| Exit code | |',
    '| --- | --- |',
    '| 0 | done, or nothing to do |',
    '| 1 | any other failure: a wrong option, no server, no permission |',
    '| 2 | changes are pending |',
    '| 3 | refused by a rule |',
    '| 4 | stale: what it was decided on has changed since |',
    '',
    'Projects are named by id or exact name, groups by id, by their path below the root (`Building A/Unit 1`) or by a name that only one of',
    'them has.',
    '',
    ...commands.flatMap(sectionOf),
  ]
    .join('\n')
    .trimEnd();
}

import type { Command, Option } from 'commander';

/** A command with its path as typed: `allotree list projects`. */
export interface PlacedCommand {
  readonly path: string;
  readonly command: Command;
}

const ownCommands = (command: Command): Command[] => command.commands.filter((each) => each.name() !== 'help');

/** A command and everything below it, in the order of the help. */
export function commandTree(command: Command, above = ''): PlacedCommand[] {
  const path = `${above} ${command.name()}`.trim();
  return [{ path, command }, ...ownCommands(command).flatMap((each) => commandTree(each, path))];
}

const longOf = ({ long }: Option): string[] => (long === null || long === undefined ? [] : [long]);

/** What can follow a command: subcommands, then its options and those of every command. */
export function nextWords(program: Command, command: Command): string[] {
  const options = [...command.options, ...program.options].flatMap(longOf);
  return [...ownCommands(command).map((each) => each.name()), ...new Set([...options, '--help'])];
}

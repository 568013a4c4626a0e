import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { commandTree } from './command-tree.js';
import { completionScript, SHELLS } from './completion-scripts.js';
import { createProgram } from './program.js';

const { stdin, stdout, stderr } = process;
const program = createProgram({ env: {}, stdin, stdout, stderr, now: () => 0 }, () => undefined);

describe('the completion scripts', () => {
  it.each(SHELLS)('of %s know every command', (shell) => {
    const script = completionScript(shell, program);
    for (const { path } of commandTree(program)) expect(script).toContain(`'${path}'`);
  });

  it('offer subcommands, the options of the command and those of every command', () => {
    const small = new Command('allotree').option('--quiet');
    small.command('list').option('--all').command('projects');
    expect(completionScript('bash', small)).toContain("'allotree list') echo 'projects --all --quiet --help' ;;");
  });

  it('contain nothing that is special in a shell', () => {
    for (const { command } of commandTree(program)) {
      expect(command.name()).toMatch(/^[a-z-]+$/);
      for (const { long } of command.options) expect(long).toMatch(/^--[a-z-]+$/);
    }
  });
});

import { Argument } from 'commander';
import { withExamples, type AddCommand } from '../command.js';
import { completionScript, SHELLS, type Shell } from '../completion-scripts.js';

export const addCompletion: AddCommand = (program, act) =>
  withExamples(program.command('completion'), {
    'source <(allotree completion bash)': 'In ~/.bashrc; the same with zsh in ~/.zshrc, after compinit',
    'allotree completion fish > ~/.config/fish/completions/allotree.fish': 'For fish, once',
  })
    .description('write a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(
      act(({ out }, shell: Shell) => {
        out.line(completionScript(shell, program).trimEnd());
        return Promise.resolve();
      }),
    );

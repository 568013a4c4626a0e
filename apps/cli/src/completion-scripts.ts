import type { Command } from 'commander';
import { commandTree, nextWords } from './command-tree.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Names of commands and options have no character that is special in a shell. */
const casesOf = (program: Command, line: (path: string, words: string) => string): string =>
  commandTree(program)
    .map(({ path, command }) => line(path, nextWords(program, command).join(' ')))
    .join('\n');

const bash = (program: Command): string => `_allotree_words() {
  case "$1" in
${casesOf(program, (path, words) => `    '${path}') echo '${words}' ;;`)}
  esac
}
_allotree() {
  local path=allotree index
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [ -n "$(_allotree_words "$path \${COMP_WORDS[index]}")" ]; then path="$path \${COMP_WORDS[index]}"; fi
  done
  COMPREPLY=($(compgen -W "$(_allotree_words "$path")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _allotree allotree
`;

const zsh = (program: Command): string => `#compdef allotree
_allotree_words() {
  case "$1" in
${casesOf(program, (path, words) => `    '${path}') echo '${words}' ;;`)}
  esac
}
_allotree() {
  local place=allotree word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n "$(_allotree_words "$place $word")" ]]; then place="$place $word"; fi
  done
  compadd -- \${=$(_allotree_words "$place")}
}
compdef _allotree allotree
`;

const fish = (program: Command): string => `function __allotree_words
  switch "$argv[1]"
${casesOf(program, (path, words) => `    case '${path}'\n      string split ' ' '${words}'`)}
  end
end
function __allotree_complete
  set -l place allotree
  for word in (commandline -opc)[2..-1]
    set -l found (__allotree_words "$place $word")
    if test (count $found) -gt 0
      set place "$place $word"
    end
  end
  __allotree_words "$place"
end
complete -c allotree -f -a '(__allotree_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, (program: Command) => string>> = { bash, zsh, fish };

/** The script that completes commands and options in a shell. */
export const completionScript = (shell: Shell, program: Command): string => SCRIPTS[shell](program);

import type { AddCommand } from './command.js';
import { addWhoami } from './commands/whoami.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [addWhoami];

import { Command } from 'commander';
import { addDeadLetterCommands, DESCRIPTION } from './commands.js';

const program = new Command('npm run dlq --').description(DESCRIPTION).showHelpAfterError();
addDeadLetterCommands(program, (work) => work);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

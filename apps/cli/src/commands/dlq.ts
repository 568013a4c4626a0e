import { addDeadLetterCommands } from '@allotree/dead-letters/commands';
import type { AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';

/** On the bus itself, not over HTTP: an operator who redelivers events needs access to it. */
export const addDlq: AddCommand = (program, act) => {
  const dlq = program
    .command('dlq')
    .description(
      'list and redeliver integration events that a consumer group could not handle, on KAFKA_BROKERS, DATABASE_URL or DATA_DIR',
    );
  addDeadLetterCommands(dlq, (work) =>
    act(async ({ options }, chosen) => {
      try {
        await work({ ...chosen, json: chosen.json === true || options.output === 'json' });
      } catch (error) {
        throw new CliError(error instanceof Error ? error.message : String(error));
      }
    }),
  );
};

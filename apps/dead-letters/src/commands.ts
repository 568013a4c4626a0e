import { Option, type Command } from 'commander';
import { TOPICS } from '@allotree/contracts';
import type { DeadLetter } from '@allotree/bus';
import type { withBus } from './with-bus.js';

interface Chosen {
  readonly topic: string;
  readonly group?: string;
  readonly id?: readonly string[];
  readonly json?: boolean;
}

/** Loads the bus when a command needs it, so that the help of a program with many commands is quick. */
const onBus: typeof withBus = async (work) => (await import('./with-bus.js')).withBus(work);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const about = ({ event, content }: DeadLetter): string =>
  event === null ? `no event: ${content.slice(0, 60)}` : `${event.id} ${event.type} of ${event.subject}`;

const asLine = (letter: DeadLetter): string =>
  `${letter.letterId}  ${letter.time}  ${about(letter)}\n  after ${letter.attempts} attempts: ${letter.error.split('\n')[0]}`;

const topicOption = () => new Option('--topic <topic>', 'the topic').choices(TOPICS).makeOptionMandatory();
const choosing = (command: Command): Command =>
  command
    .addOption(topicOption())
    .option('--group <group>', 'only dead letters of this consumer group')
    .option('--id <id...>', 'only these ids of events or dead letters (default: all)');

const choiceOf = ({ group, id: ids }: Chosen) => ({ group, ids });

async function list(chosen: Chosen): Promise<void> {
  const letters = await onBus((bus) => bus.deadLetters(chosen.topic, choiceOf(chosen)));
  if (chosen.json === true) return letters.forEach((letter) => say(JSON.stringify(letter)));
  letters.map(asLine).forEach(say);
  say(letters.length === 0 ? 'No dead letters.' : `${letters.length} dead letters.`);
}

async function replay(chosen: Chosen): Promise<void> {
  const letters = await onBus((bus) => bus.replay(chosen.topic, choiceOf(chosen)));
  for (const letter of letters) say(`Handed back to ${letter.group}: ${about(letter)}`);
  if (letters.length === 0) say('Nothing to hand back: no such dead letter is open.');
}

async function rewind({ topic, group = '' }: Chosen): Promise<void> {
  await onBus((bus) => bus.rewind(group, topic));
  say(`${group} reads ${topic} again from the beginning.`);
}

type Work = (chosen: Chosen) => Promise<void>;

export const DESCRIPTION =
  'Lists the integration events that a consumer group could not handle, and redelivers them to it. The bus is that of KAFKA_BROKERS (with the other KAFKA_ variables), else that in DATABASE_URL, else that of the system or the cluster running on DATA_DIR.';

/**
 * Adds `list`, `replay` and `rewind` to a program.
 * @param run makes an action of the work of a command
 */
export function addDeadLetterCommands(program: Command, run: (work: Work) => Work): void {
  choosing(program.command('list'))
    .description('lists the open dead letters, oldest first')
    .option('--json', 'one JSON object per line, with the whole message')
    .action(run(list));
  choosing(program.command('replay'))
    .description('redelivers dead letters to the groups that failed, each once, and lists them')
    .action(run(replay));
  program
    .command('rewind')
    .description(
      'makes a consumer group read a topic again from the beginning; on Kafka, stop the processes of the group first',
    )
    .addOption(topicOption())
    .requiredOption('--group <group>', 'the consumer group')
    .action(run(rewind));
}

import { TOPICS } from '@allotree/contracts';
import type { DeadLetter } from '@allotree/bus';
import { Option, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { type AddCommand } from '../command.js';
import { direct } from '../direct.js';
import type { withBus } from '../with-bus.js';

interface Chosen {
  readonly topic: string;
  readonly group?: string;
  readonly id?: readonly string[];
  readonly json?: boolean;
}

/** Loads the bus when a command needs it, so that the help is quick. */
const onBus: typeof withBus = async (env, work) =>
  direct(async () => (await import('../with-bus.js')).withBus(env, work));

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

async function list({ host, out }: Cli, chosen: Chosen): Promise<void> {
  const letters = await onBus(host.env, (bus) => bus.deadLetters(chosen.topic, choiceOf(chosen)));
  if (chosen.json === true || out.format === 'json')
    return letters.forEach((letter) => out.line(JSON.stringify(letter)));
  letters.map(asLine).forEach((line) => out.line(line));
  out.line(letters.length === 0 ? 'No dead letters.' : `${letters.length} dead letters.`);
}

async function replay({ host, out }: Cli, chosen: Chosen): Promise<void> {
  const letters = await onBus(host.env, (bus) => bus.replay(chosen.topic, choiceOf(chosen)));
  for (const letter of letters) out.line(`Handed back to ${letter.group}: ${about(letter)}`);
  if (letters.length === 0) out.line('Nothing to hand back: no such dead letter is open.');
}

async function rewind({ host, out }: Cli, { topic, group = '' }: Chosen): Promise<void> {
  await onBus(host.env, (bus) => bus.rewind(group, topic));
  out.line(`${group} reads ${topic} again from the beginning.`);
}

/** On the bus itself, not over HTTP: an operator who redelivers events needs access to it. */
export const addDlq: AddCommand = (program, act) => {
  const dlq = program
    .command('dlq')
    .description(
      'list and redeliver integration events that a consumer group could not handle, on the bus of KAFKA_BROKERS (with the other KAFKA_ variables), else DATABASE_URL, else the system or cluster running on DATA_DIR',
    );
  choosing(dlq.command('list'))
    .description('lists the open dead letters, oldest first')
    .option('--json', 'one JSON object per line, with the whole message')
    .action(act(list));
  choosing(dlq.command('replay'))
    .description('redelivers dead letters to the groups that failed, each once, and lists them')
    .action(act(replay));
  dlq
    .command('rewind')
    .description(
      'makes a consumer group read a topic again from the beginning; on Kafka, stop the processes of the group first',
    )
    .addOption(topicOption())
    .requiredOption('--group <group>', 'the consumer group')
    .action(act(rewind));
};

import { projectAggregate, type ProjectEvent, type ProjectEventType } from '@allotree/domain';
import type { EventStore, RecordedEvent } from '@allotree/event-sourcing';
import { projectEventOf, projectOfStream } from '../../streams.js';

/** What changed in a project together: at one instant, by one command. */
export interface Moment {
  readonly projectId: string;
  readonly at: number;
  readonly commandId: string;
  readonly events: readonly ProjectEvent[];
  /** Of its last event: the project is then as these events left it. */
  readonly revision: number;
  /** Of the command, where tracing is on. */
  readonly traceparent?: string;
}

/** Moments without any of these are of no interest. */
export const INTERESTING: ReadonlySet<string> = new Set<ProjectEventType>([
  'AllotmentsEnded',
  'GracePeriodsEnded',
  'LicenseExpired',
  'LicenseGranted',
  'AssignmentsReinstated',
]);

/**
 * The moments these events belong to, those in which something of interest happened. One that goes on behind the last of them
 * is read to its end.
 */
export async function momentsOf(events: readonly RecordedEvent[], store: EventStore): Promise<Moment[]> {
  const moments: Moment[] = [];
  for (const stream of byStream(events)) {
    if (!stream.some(({ type }) => INTERESTING.has(type))) continue;
    const runs = runsOf(stream);
    const last = runs.at(-1);
    if (last && isInteresting(last)) await readToEnd(last, store);
    moments.push(...runs.filter(isInteresting).map(momentOf));
  }
  return moments;
}

interface Run {
  readonly at: number;
  readonly commandId: string;
  readonly recorded: { readonly record: RecordedEvent; readonly event: ProjectEvent }[];
}

function byStream(events: readonly RecordedEvent[]): RecordedEvent[][] {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.streamName);
    if (stream) stream.push(event);
    else streams.set(event.streamName, [event]);
  }
  return [...streams.values()];
}

function runsOf(events: readonly RecordedEvent[]): Run[] {
  const runs: Run[] = [];
  for (const record of events) {
    const event = projectEventOf(record);
    const last = runs.at(-1);
    if (last && goesOn(last, record, event)) last.recorded.push({ record, event });
    else runs.push({ at: event.at, commandId: record.metadata.commandId, recorded: [{ record, event }] });
  }
  return runs;
}

const goesOn = (run: Run, record: RecordedEvent, event: ProjectEvent): boolean =>
  run.commandId === record.metadata.commandId && run.at === event.at;

const isInteresting = ({ recorded }: Run): boolean => recorded.some(({ event }) => INTERESTING.has(event.type));

async function readToEnd(run: Run, store: EventStore): Promise<void> {
  const last = run.recorded.at(-1);
  if (!last) return;
  for await (const record of store.readStream(last.record.streamName, last.record.revision + 1)) {
    const event = projectAggregate.decode(record.type, record.data);
    if (!goesOn(run, record, event)) return;
    run.recorded.push({ record, event });
  }
}

const momentOf = ({ at, commandId, recorded }: Run): Moment => {
  const { streamName = '', revision = 0, metadata } = recorded.at(-1)?.record ?? {};
  return {
    projectId: projectOfStream(streamName),
    at,
    commandId,
    events: recorded.map(({ event }) => event),
    revision,
    ...(metadata?.traceparent !== undefined && { traceparent: metadata.traceparent }),
  };
};

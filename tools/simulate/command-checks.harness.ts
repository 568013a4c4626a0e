import { projectAggregate, type ProjectEvent } from '@allotree/domain';
import type { Outcome, RecordedEvent } from '@allotree/event-sourcing';
import { ProjectReading } from './project-reading.harness.js';
import type { Asked } from './replica.harness.js';
import { TALLY_LIMIT, type TallyEvent, type TallyRefusal } from './tally.harness.js';
import { Violation } from './trace.harness.js';

/** One sending of a command to a replica. */
export interface Attempt {
  /** Revision of the stream when it was sent: no answer may be about an older one. */
  readonly sentAtRevision: number;
  /** The instant of the decision, by the clock of the replica; `null` until the replica has it. */
  now: number | null;
}

export interface SentCommand {
  readonly commandId: string;
  readonly asked: Asked;
  readonly streamName: string;
  readonly attempts: Attempt[];
}

/** Where the events of a command are. */
interface Place {
  readonly streamName: string;
  readonly events: readonly RecordedEvent[];
}

/** A reading of a project after some of its decisions. */
interface Known {
  readonly revision: number;
  readonly reading: ProjectReading;
}

const KEEP_EVERY = 10;

/** Recorded before the events of a command, and alone where the command itself changes nothing (U5). */
const EFFECTS_OF_TIME: ReadonlySet<string> = new Set([
  'LicenseStarted',
  'LicenseExpired',
  'AllotmentsStarted',
  'AllotmentsEnded',
  'GracePeriodsEnded',
  'AssignmentsSuspended',
  'AssignmentsReinstated',
  'UsagePeriodClosed',
]);

/** Checks what is recorded when it is recorded, and what is answered when it is answered. */
export class CommandChecks {
  readonly sent = new Map<string, SentCommand>();
  readonly acknowledged = new Set<string>();
  readonly #recorded = new Map<string, Place>();
  readonly #projects = new Map<string, { current: ProjectReading; revision: number; kept: Known[] }>();
  readonly #sums = new Map<string, number[]>();
  accepted = 0;
  refused = 0;
  refusalsJudged = 0;
  periods = 0;

  constructor(private readonly streams: ReadonlyMap<string, readonly RecordedEvent[]>) {}

  /** Everything that one transaction has committed. */
  committed(events: readonly RecordedEvent[]): void {
    for (const run of decisionsIn(events)) {
      const [{ streamName, metadata }] = run as [RecordedEvent];
      const { commandId } = metadata;
      const earlier = this.#recorded.get(commandId);
      if (earlier) throw new Violation(`command ${commandId} is recorded twice, in ${earlier.streamName}`, streamName);
      this.#recorded.set(commandId, { streamName, events: run });
      if (streamName.startsWith('tally-')) this.#tallyChanged(streamName, run);
      else if (streamName.startsWith('project-')) this.#projectChanged(streamName, run);
    }
  }

  #tallyChanged(streamName: string, events: readonly RecordedEvent[]): void {
    const sums = this.#sums.get(streamName) ?? [];
    this.#sums.set(streamName, sums);
    for (const { data } of events) {
      const sum = (sums.at(-1) ?? 0) + (data as TallyEvent).by;
      sums.push(sum);
      if (sum < 0 || sum > TALLY_LIMIT) throw new Violation(`${streamName} has the sum ${sum}`, streamName);
    }
  }

  #projectChanged(streamName: string, events: readonly RecordedEvent[]): void {
    const project = this.#projects.get(streamName) ?? { current: new ProjectReading(), revision: -1, kept: [] };
    this.#projects.set(streamName, project);
    const last = events.at(-1)!;
    this.#judgeRecorded(project.current, events);
    const fault = project.current.applyDecision(events.map(decoded));
    if (fault !== null) throw new Violation(`${streamName}@${last.revision}: ${fault}`, streamName);
    project.revision = last.revision;
    this.periods += events.filter(({ type }) => type === 'UsagePeriodClosed').length;
    const kept = project.kept.at(-1)?.revision ?? -1;
    if (last.revision - kept >= KEEP_EVERY)
      project.kept.push({ revision: last.revision, reading: project.current.copy() });
  }

  /** The decision was right at its instant, on what was recorded before. */
  #judgeRecorded(before: ProjectReading, events: readonly RecordedEvent[]): void {
    const { metadata, streamName } = events[0]!;
    const sent = this.sent.get(metadata.commandId);
    if (!sent || sent.asked.kind !== 'project') return;
    const { at } = decoded(events.at(-1)!);
    const isOnlyTime = events.every(({ type }) => EFFECTS_OF_TIME.has(type));
    const { commandAt } = sent.asked;
    const nows = sent.attempts.flatMap(({ now }) => now ?? []);
    const decidedThen = nows.filter((now) => {
      const instant = Math.max(now, before.at);
      return isOnlyTime ? instant >= at : instant === at;
    });
    if (decidedThen.length === 0)
      throw new Violation(`${metadata.commandId} is dated ${at}, but was decided at ${nows.join(' or ')}`, streamName);
    const expected = decidedThen.map((now) => before.judge(commandAt(now)));
    const wrong = isOnlyTime ? 'accepted' : 'already so';
    if (expected.every((one) => one === 'refused' || one === wrong))
      throw new Violation(
        `${metadata.commandId} ${JSON.stringify(commandAt(at))} is recorded as ${events.map(({ type }) => type).join(', ')}, but must be ${expected.join(' or ')}`,
        streamName,
      );
  }

  answered(sent: SentCommand, attempt: Attempt, outcome: Outcome<unknown, unknown>): void {
    if (outcome.kind === 'accepted') this.#accepted(sent, attempt, outcome);
    else if (outcome.kind === 'refused') this.#refused(sent, attempt, outcome);
  }

  #accepted(
    sent: SentCommand,
    attempt: Attempt,
    { events, revision }: Extract<Outcome<unknown, unknown>, { kind: 'accepted' }>,
  ): void {
    this.accepted++;
    const { commandId, streamName } = sent;
    if (events.length === 0) return this.#alreadySo(sent, attempt);
    this.acknowledged.add(commandId);
    const place = this.#recorded.get(commandId);
    if (!place) throw new Violation(`${commandId} was acknowledged, but is not recorded`, streamName);
    const said = JSON.stringify(events.map((event) => encoded(sent.asked.kind, event)));
    const stored = JSON.stringify(place.events.map(({ type, data }) => ({ type, data })));
    if (said !== stored)
      throw new Violation(`${commandId} was answered with ${said}, but recorded as ${stored}`, streamName);
    if (sent.asked.kind === 'tally' && revision !== place.events.at(-1)!.revision)
      throw new Violation(`${commandId} was answered with revision ${revision}`, streamName);
  }

  /** Nothing to do: right if it was so at some moment between the request and its answer. */
  #alreadySo({ commandId, asked, streamName }: SentCommand, { sentAtRevision, now }: Attempt): void {
    if (asked.kind !== 'project' || now === null) return;
    const seen = this.#readingsFrom(streamName, sentAtRevision).map((reading) => reading.judge(asked.commandAt(now)));
    if (seen.length > 0 && seen.every((expected) => expected === 'accepted' || expected === 'refused'))
      throw new Violation(
        `${commandId} ${JSON.stringify(asked.commandAt(now))} was answered "already so", but must be ${seen.join(', then ')}`,
        streamName,
      );
  }

  #refused(
    { commandId, asked, streamName }: SentCommand,
    { sentAtRevision, now }: Attempt,
    { refusal, revision }: Extract<Outcome<unknown, unknown>, { kind: 'refused' }>,
  ): void {
    this.refused++;
    if (revision < sentAtRevision)
      throw new Violation(
        `${commandId} was refused at revision ${revision}, but sent at revision ${sentAtRevision}`,
        streamName,
      );
    if (asked.kind === 'tally') {
      const sum = revision < 0 ? 0 : this.#sums.get(streamName)![revision]!;
      const then = sum + asked.command.by;
      if ((then >= 0 && then <= TALLY_LIMIT) || sum !== (refusal as TallyRefusal).sum)
        throw new Violation(`${commandId} was refused at the sum ${sum}: ${JSON.stringify(refusal)}`, streamName);
      this.refusalsJudged++;
      return;
    }
    const reading = this.#readingAt(streamName, revision);
    if (!reading || now === null) return;
    const command = asked.commandAt(now);
    const expected = reading.judge(command);
    if (expected === 'refused') this.refusalsJudged++;
    if (expected === 'accepted')
      throw new Violation(
        `${commandId} ${JSON.stringify(command)} was refused at revision ${revision}, but must be accepted: ${JSON.stringify(refusal)}`,
        streamName,
      );
  }

  /** Everything acknowledged is there in the end. */
  finish(): void {
    for (const commandId of this.acknowledged) {
      const { streamName } = this.sent.get(commandId)!;
      const found = this.streams.get(streamName)!.filter(({ metadata }) => metadata.commandId === commandId);
      if (found.length !== this.#recorded.get(commandId)!.events.length)
        throw new Violation(`${commandId} was acknowledged, but is recorded ${found.length} times`, streamName);
    }
  }

  #readingAt(streamName: string, revision: number): ProjectReading | null {
    const project = this.#projects.get(streamName);
    if (!project || revision > project.revision) return null;
    if (revision === project.revision) return project.current;
    return this.#readAgain(streamName, project.kept, revision);
  }

  #readAgain(streamName: string, kept: readonly Known[], revision: number): ProjectReading {
    const from = kept.findLast((known) => known.revision <= revision);
    const reading = from?.reading.copy() ?? new ProjectReading();
    const events = this.streams.get(streamName)!.slice((from?.revision ?? -1) + 1, revision + 1);
    for (const run of decisionsIn(events)) reading.applyDecision(run.map(decoded));
    return reading;
  }

  /** After each decision since a revision, that one included. */
  #readingsFrom(streamName: string, revision: number): ProjectReading[] {
    const project = this.#projects.get(streamName);
    if (!project || revision < 0) return [];
    const ends = decisionsIn(this.streams.get(streamName)!.slice(revision + 1)).map((run) => run.at(-1)!.revision);
    return [revision, ...ends].map((end) =>
      end === project.revision ? project.current : this.#readAgain(streamName, project.kept, end),
    );
  }
}

const decoded = ({ type, data }: RecordedEvent): ProjectEvent => projectAggregate.decode(type, data);

const encoded = (kind: Asked['kind'], event: unknown): { type: string; data: unknown } => {
  if (kind === 'project') return projectAggregate.encode(event as ProjectEvent);
  return { type: (event as TallyEvent).type, data: { by: (event as TallyEvent).by } };
};

/** The events of each command, in order. */
function decisionsIn(events: readonly RecordedEvent[]): (readonly RecordedEvent[])[] {
  const runs: RecordedEvent[][] = [];
  for (const event of events) {
    const last = runs.at(-1)?.at(-1);
    const isSame = last?.streamName === event.streamName && last.metadata.commandId === event.metadata.commandId;
    if (isSame) runs.at(-1)!.push(event);
    else runs.push([event]);
  }
  return runs;
}

import { categoryOf } from '@allotree/event-sourcing';
import { AGGREGATES, type AnyAggregate } from './aggregates.js';
import { comparableState } from './comparable-state.js';
import { sealOf } from './content-seal.js';
import type { LoggedEvent } from './event-log.js';
import type { Finding, FindingCode } from './finding.js';
import { faultsOfState } from './invariants.js';
import type { StoredSnapshot } from './snapshots.js';

/** Findings of one kind in one stream beyond this number are counted only. */
const MOST_OF_A_KIND = 20;

/** Checks the events of one stream, in their order, and what follows from them. */
export class StreamCheck {
  readonly findings: Finding[] = [];
  /** Events whose ids do not cover their data: of version 0.2.0 and earlier. */
  partiallySealed = 0;
  last: LoggedEvent | null = null;
  readonly #category: string;
  readonly #aggregate: AnyAggregate | null;
  #state: unknown;
  #isFolded = true;
  #snapshotFound = false;

  constructor(
    readonly streamName: string,
    private readonly snapshot: StoredSnapshot | null,
  ) {
    this.#category = categoryOf(streamName);
    this.#aggregate = AGGREGATES.get(this.#category) ?? null;
    this.#state = this.#aggregate?.initial();
    if (this.#aggregate === null) this.#find('UNKNOWN_STREAM', null, 'no aggregate has streams of this name');
  }

  /** The state of all events; `undefined` where one of them cannot be folded. */
  get state(): unknown {
    return this.#isFolded ? this.#state : undefined;
  }

  add(event: LoggedEvent): void {
    this.#checkOrder(event);
    const seal = sealOf(event);
    if (seal === 'broken')
      this.#find('EVENT_CHANGED', event, 'its id does not follow from its command, revision, type and data');
    else if (seal === 'partial') this.partiallySealed += 1;
    if (Number.isNaN(Date.parse(event.metadata.recordedAt)))
      this.#find('EVENT_UNREADABLE', event, 'it does not say when it was recorded');
    this.#fold(event);
    this.#compareSnapshot(event);
    this.last = event;
  }

  /** The store has no event of this revision, although the stream goes on: what follows is not read. */
  lost(revision: number): void {
    this.#isFolded = false;
    this.#find('REVISION_MISSING', this.last, `event ${revision} is missing: the stream was deleted or truncated`);
  }

  /** @param lastInLog revision of the last event that the log as a whole has of this stream; -1: not known */
  end(lastInLog: number): void {
    if (this.last === null) this.#find('REVISION_MISSING', null, 'it has no events');
    else if (this.last.revision < lastInLog)
      this.#find(
        'REVISION_MISSING',
        this.last,
        `it ends at revision ${this.last.revision}, and the log has ${lastInLog}`,
      );
    if (this.snapshot !== null && !this.#snapshotFound)
      this.#find('SNAPSHOT_WRONG', null, `it was taken after event ${this.snapshot.revision}, which the stream lacks`);
    if (!this.#isFolded || this.#aggregate === null) return;
    for (const fault of faultsOfState(this.#category, this.#state)) this.#find('INVARIANT_BROKEN', this.last, fault);
  }

  #checkOrder(event: LoggedEvent): void {
    const expected = (this.last?.revision ?? -1) + 1;
    if (event.revision !== expected)
      this.#find('REVISION_MISSING', event, `it has revision ${event.revision} where ${expected} is next`);
    if (this.last !== null && event.position <= this.last.position)
      this.#find('POSITION_OUT_OF_ORDER', event, `its position ${event.position} is not beyond ${this.last.position}`);
  }

  #fold(event: LoggedEvent): void {
    if (this.#aggregate === null || !this.#isFolded) return;
    try {
      const decoded = this.#aggregate.decode(event.type, JSON.parse(event.json) as unknown);
      this.#state = this.#aggregate.evolve(this.#state as never, decoded);
    } catch (error) {
      this.#isFolded = false;
      this.#find('EVENT_UNREADABLE', event, `${event.type} cannot be applied: ${(error as Error).message}`);
    }
  }

  #compareSnapshot(event: LoggedEvent): void {
    const { snapshot } = this;
    if (snapshot === null || snapshot.revision !== event.revision) return;
    this.#snapshotFound = true;
    if (snapshot.fault !== null) return this.#find('SNAPSHOT_WRONG', event, snapshot.fault);
    if (snapshot.eventId !== event.metadata.eventId)
      return this.#find('SNAPSHOT_WRONG', event, `it was taken after event ${snapshot.eventId}`);
    if (snapshot.state === null || !this.#isFolded) return;
    const folded = this.#aggregate?.snapshot?.encode(this.#state as never);
    if (comparableState(this.#category, folded) !== snapshot.state)
      this.#find('SNAPSHOT_WRONG', event, 'its state is not that of the events');
  }

  #find(code: FindingCode, event: LoggedEvent | null, message: string): void {
    if (this.findings.filter((finding) => finding.code === code).length >= MOST_OF_A_KIND) return;
    this.findings.push({ stream: this.streamName, eventId: event?.metadata.eventId ?? null, code, message });
  }
}

import type { EventReference, QuotaWhyAnswer } from '@allotree/contracts';
import { withoutNeighbors, type Permission } from '@allotree/contracts';
import type { ExplainedLevel, ExplainedTerm, Instant, RequiredChange } from '@allotree/domain';
import { referenceOf } from '../event-references.js';
import type { Sight } from '../level-permissions.js';
import { basisOf } from '../moment.js';
import type { Explained } from './explanation.js';

/** Who is shown an explanation, and of which instant. */
export interface Viewer {
  readonly at: Instant;
  readonly sight: (level: string | null) => Sight;
  readonly permissions: ReadonlySet<Permission>;
  /** Sees the use of the neighbors. */
  readonly isNeighborly: boolean;
}

type LevelAnswer = QuotaWhyAnswer['levels'][number];
type TermAnswer = LevelAnswer['terms'][number];

const iso = (instant: Instant | null): string | null => (instant === null ? null : new Date(instant).toISOString());

/** An explanation as far as a caller may see it. */
export function shownTo(explained: Explained, viewer: Viewer): QuotaWhyAnswer {
  const { explanation, recorded, proof, events } = explained;
  const { groupId, resource, quota, levels, toChange } = explanation;
  const changes = viewer.isNeighborly ? toChange.filter((change) => isShown(change, viewer)) : [];
  return {
    groupId,
    resource,
    ...basisOf(recorded, viewer.at),
    quota: withoutNeighbors({ resources: { [resource]: quota } }, viewer.permissions).resources[resource]!,
    levels: levels.map((level) => levelAnswer(explained, level, viewer)),
    suspended: suspendedAnswer(explained, viewer),
    toChange: changes,
    proof: {
      events: proof.positions.flatMap((position) => events.get(position)?.id ?? []),
      isComplete: proof.isComplete,
    },
  };
}

/** Alternatives name a license or allotment. */
const isShown = (change: RequiredChange, { sight }: Viewer): boolean =>
  change.kind === 'buy' || change.kind === 'raise' || sight('groupId' in change ? change.groupId : null).terms;

function levelAnswer(explained: Explained, level: ExplainedLevel, { sight }: Viewer): LevelAnswer {
  const { groupId, name, isRestricted, limit, isBinding, consumed, suspended, left, unreserved, terms } = level;
  const seen = sight(groupId);
  const use = seen.use ? { consumed, suspended, left, unreserved } : UNSEEN;
  const setBy = groupId === null ? undefined : explained.recorded.origins.sections.get(groupId);
  return {
    groupId,
    name,
    isRestricted,
    limit,
    ...use,
    isBinding,
    event: seen.terms ? eventAt(explained, setBy, seen) : null,
    terms: seen.terms ? terms.map((term) => termAnswer(explained, term, setBy, seen)) : [],
  };
}

const UNSEEN = { consumed: null, suspended: null, left: null, unreserved: null };

function termAnswer(explained: Explained, term: ExplainedTerm, setBy: string | undefined, seen: Sight): TermAnswer {
  const { id, validFrom, validUntil } = term;
  const suspension = id === null || setBy !== undefined ? undefined : explained.licenses.get(id);
  const position = setBy ?? (id === null ? undefined : explained.recorded.origins.licenses.get(id));
  return {
    ...term,
    validFrom: iso(validFrom),
    validUntil: iso(validUntil),
    event: eventAt(explained, position, seen),
    suspended: suspension
      ? {
          reason: suspension.reason,
          since: suspension.since.toISOString(),
          event: eventAt(explained, suspension.position, seen),
        }
      : null,
  };
}

function suspendedAnswer(explained: Explained, { sight }: Viewer): QuotaWhyAnswer['suspended'] {
  const { groupId, quota } = explained.explanation;
  const seen = sight(groupId);
  const items = explained.assignments.map((row) => ({
    assignmentId: row.assignment_id,
    groupId: row.group_id,
    since: row.since.toISOString(),
    event: eventAt(explained, row.position, seen),
  }));
  return { total: quota.suspended, items: seen.assignments ? items : [] };
}

/** `null`: none, or it is not in the log any more. */
function eventAt({ events }: Explained, position: string | undefined, { history }: Sight): EventReference | null {
  const event = position === undefined ? undefined : events.get(position);
  return event ? referenceOf(event, history) : null;
}

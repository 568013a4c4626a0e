import type { Instant } from '../../decision.js';
import type { ProjectEvent, ProjectEventOf, ProjectEventType } from './events.js';

/**
 * Stored form of the events: the type, and the payload with `at` in it and every instant as an ISO 8601 UTC string. A
 * type is listed here or it does not compile; an old form is bridged here and nowhere else.
 */
export function encodeProjectEvent(event: ProjectEvent): { type: string; data: unknown } {
  const payload = withInstants(event.data, iso) as Record<string, unknown>;
  for (const field of ADDED_LATER[event.type] ?? []) if (payload[field] === null) delete payload[field];
  return { type: event.type, data: { at: iso(event.at), ...payload } };
}

/** @throws Error when the type is not known: a stream is never read in part. */
export function decodeProjectEvent(type: string, data: unknown): ProjectEvent {
  if (!(type in STORED)) throw new Error(`unknown event type in a project's stream: ${type}`);
  const { at, ...stored } = data as { at: string };
  const payload = withInstants(stored, (value) => Date.parse(value as string)) as Record<string, unknown>;
  for (const field of ADDED_LATER[type as ProjectEventType] ?? []) payload[field] ??= null;
  return { type, at: Date.parse(at), data: payload } as unknown as ProjectEvent;
}

/** Fields that older events do not have: they are `null` there, and stored only where they are something. */
const ADDED_LATER: { readonly [Type in ProjectEventType]?: readonly (keyof ProjectEventOf<Type>['data'] & string)[] } =
  {
    LicenseSuspended: ['place'],
    RestrictionChanged: ['place'],
    AllotmentsTransferred: ['fromPlace', 'toPlace'],
    MemberLimitsSet: ['place'],
  };

const STORED: { readonly [Type in ProjectEventType]: true } = {
  ProjectOpened: true,
  GroupsPlaced: true,
  GroupChanged: true,
  GroupRelocated: true,
  GroupRemoved: true,
  LicensingClosed: true,
  BasicLicenseStarted: true,
  BasicLicenseEnded: true,
  LicenseGranted: true,
  LicenseExtended: true,
  LicenseSuspended: true,
  LicenseReinstated: true,
  LicenseRevoked: true,
  RestrictionChanged: true,
  AllotmentsClamped: true,
  AllotmentsTransferred: true,
  AssignmentMade: true,
  AssignmentsReleased: true,
  MemberLimitsSet: true,
  ClockCorrected: true,
  LicenseStarted: true,
  LicenseExpired: true,
  AllotmentsStarted: true,
  AllotmentsEnded: true,
  GracePeriodsEnded: true,
  AssignmentsSuspended: true,
  AssignmentsReinstated: true,
};

/** Every type a project's stream may hold. */
export const PROJECT_EVENT_TYPES = Object.keys(STORED) as readonly ProjectEventType[];

const iso = (instant: unknown): string => new Date(instant as Instant).toISOString();

/** The fields that hold an instant, wherever they stand in a payload. */
const INSTANTS: ReadonlySet<string> = new Set(['validFrom', 'validUntil', 'packageValidUntil', 'lastRecorded']);

/** A copy of a payload with its instants turned; what holds none is passed on as it is. */
function withInstants(value: unknown, turn: (instant: unknown) => unknown): unknown {
  if (Array.isArray(value)) return holdsInstants(value[0]) ? value.map((item) => withInstants(item, turn)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const turned: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (INSTANTS.has(key)) turned[key] = field === null ? null : turn(field);
    else turned[key] = typeof field === 'object' ? withInstants(field, turn) : field;
  }
  return turned;
}

/** The lists of a payload are of one kind, so the first item tells: groups and assignments come by the thousand. */
const holdsInstants = (item: unknown): boolean => typeof item === 'object' && item !== null && 'validFrom' in item;

import { z } from 'zod';
import { AnyCloudEvent } from '../cloud-event.js';
import { GroupTypeName } from '../groups/words.js';
import { Count, Id, IsoInstant, LimitValue } from '../http/common.js';
import { QuotaAnswer } from '../licensing/responses.js';
import { LicenseTypeName, ResourceName, StatusName, UnitsOf } from '../licensing/words.js';
import { SearchKind, TreeState } from './requests.js';

const { tenantid, causationid } = AnyCloudEvent.shape;

/**
 * An integration event in the structured mode of CloudEvents; an attribute without a value is absent. Attributes that a later version
 * publishes pass.
 */
export const PulledEvent = AnyCloudEvent.omit({ traceparent: true })
  .extend({ tenantid: tenantid.unwrap().optional(), causationid: causationid.unwrap().optional() })
  .loose();
export type PulledEvent = z.infer<typeof PulledEvent>;

/** Events in their order. `next` is there on every page, for the request that goes on after it. */
export const EventsPage = z.object({
  items: z.array(PulledEvent),
  next: z.string(),
  /** There may be more already. */
  hasMore: z.boolean(),
});
export type EventsPage = z.infer<typeof EventsPage>;

/** Where an answer about an instant comes from. */
const basis = {
  at: IsoInstant,
  /** `planned`: after the last recorded decision, so as the terms known by now will have it. */
  basis: z.enum(['recorded', 'planned']),
  /** Of the newest event that the answer rests on, in the order of `GET /events`. */
  position: z.string(),
  /** Nothing recorded later changes the answer. */
  final: z.boolean(),
};

/** `GET /projects/{p}/groups/{g}/quota/as-of` */
export const QuotaAsOfAnswer = QuotaAnswer.extend(basis);
export type QuotaAsOfAnswer = z.infer<typeof QuotaAsOfAnswer>;

/** An event behind an answer. `actor` is `null` for callers who lack `history:read`. */
const EventReference = z.object({
  id: z.string(),
  type: z.string(),
  at: IsoInstant,
  actor: z.string().nullable(),
  /** The id of the command. */
  causationId: z.string().nullable(),
});
export type EventReference = z.infer<typeof EventReference>;

const ExplainedTerm = z.object({
  /** The id of the license or allotment; `null`: the Basic licenses of all devices. */
  id: z.string().nullable(),
  type: LicenseTypeName,
  limit: LimitValue,
  validFrom: IsoInstant.nullable(),
  validUntil: IsoInstant.nullable(),
  status: StatusName,
  /** The event that made it so; `null`: Basic licenses come of many events. */
  event: EventReference.nullable(),
  /** Of a suspended license. */
  suspended: z.object({ reason: z.string(), since: IsoInstant, event: EventReference.nullable() }).nullable(),
});

const RequiredChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('buy'), units: UnitsOf }),
  z.object({ kind: z.literal('reinstate'), licenseId: Id, units: UnitsOf }),
  z.object({ kind: z.literal('raise'), groupId: Id, name: z.string(), units: UnitsOf }),
  z.object({
    kind: z.literal('extend'),
    licenseId: Id.optional(),
    groupId: Id.optional(),
    name: z.string().optional(),
    allotmentId: Id.optional(),
    units: UnitsOf,
  }),
]);

/** `GET /projects/{p}/groups/{g}/quota/why` */
export const QuotaWhyAnswer = z.object({
  groupId: Id,
  resource: ResourceName,
  ...basis,
  quota: QuotaAnswer.shape.resources.shape.sip_number,
  /** The group first, then the groups above it, the project's capacity last. */
  levels: z.array(
    z.object({
      /** `null`: the project's capacity. */
      groupId: Id.nullable(),
      name: z.string(),
      isRestricted: z.boolean(),
      limit: LimitValue,
      /** `null`, like `suspended`, `left` and `unreserved`: the caller does not see the use of this level. */
      consumed: Count.nullable(),
      suspended: Count.nullable(),
      /** Negative while grace keeps more in use. */
      left: z.int().nullable(),
      /** What a reserved pool leaves for use outside the restricted groups below it (R4). */
      unreserved: z.int().nullable(),
      /** Whether it leaves the least (U1). */
      isBinding: z.boolean(),
      /** The event that set its Licenses section. */
      event: EventReference.nullable(),
      terms: z.array(ExplainedTerm),
    }),
  ),
  /** Suspended units of the resource in the group and below. `total` counts those that are not listed, too. */
  suspended: z.object({
    total: Count,
    items: z.array(z.object({ assignmentId: Id, groupId: Id, since: IsoInstant, event: EventReference.nullable() })),
  }),
  /** The changes after which one more unit fits, from the project down; empty if it fits. */
  toChange: z.array(RequiredChange),
  /** Events which, folded alone, give the number. Not complete: older ones, or such about groups that were moved, count as well. */
  proof: z.object({ events: z.array(z.string()), isComplete: z.boolean() }),
});
export type QuotaWhyAnswer = z.infer<typeof QuotaWhyAnswer>;

/** `GET /projects/{p}/groups/{g}/quota/diff` */
export const QuotaDiffAnswer = z.object({
  groupId: Id,
  from: z.object(basis),
  to: z.object(basis),
  /** What differs: `path` names a member of the answer of `as-of`, such as `resources.ukey2.available`. */
  changes: z.array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })),
  /** The events in between about the groups of the path, the licenses, and the use of the group: the newest, and how many there are. */
  events: z.object({ total: Count, items: z.array(EventReference) }),
});
export type QuotaDiffAnswer = z.infer<typeof QuotaDiffAnswer>;

/** Integers that can exceed what JSON numbers hold exactly, as text. */
const BigInteger = z.string().regex(/^\d+$/);

const UsageMeasures = z.object({
  from: IsoInstant,
  until: IsoInstant,
  /** Units in force at `from`, and just before `until`. */
  open: Count,
  close: Count,
  /** The most at any instant, what was in force at `from` included, and the first instant with as many. */
  peak: Count,
  peakAt: IsoInstant,
  low: Count,
  /** A decimal number with six places. */
  average: z.string(),
  /** The integral, in unit-milliseconds. */
  unitMs: BigInteger,
  /** With `sustained`: the most units in use without interruption for at least as long; `null`: the period is shorter. */
  sustained: Count.nullable().optional(),
  /** With `committed`: the integral of the units above that, in unit-milliseconds. */
  overageMs: BigInteger.optional(),
});
export type UsageMeasures = z.infer<typeof UsageMeasures>;

const measured = {
  total: UsageMeasures,
  /** Adjoining; their `unitMs` add up to that of `total`. Empty without `window`. */
  windows: z.array(UsageMeasures),
};

/** `GET /projects/{p}/groups/{g}/usage`: the units of a group and everything below it. */
export const UsageAnswer = z.object({
  groupId: Id,
  resource: ResourceName,
  timeZone: z.string(),
  /** Nothing recorded later changes the answer. */
  final: z.boolean(),
  ...measured,
  /** With `groupBy=child`: each group directly below, for as long as it was there. The rest of `total.unitMs` is of the group itself. */
  children: z.array(z.object({ groupId: Id, name: z.string(), ...measured })).optional(),
  /** With `groupBy=type`: what is in use at groups of each type themselves, by the type they had then. */
  types: z.array(z.object({ type: GroupTypeName, ...measured })).optional(),
});
export type UsageAnswer = z.infer<typeof UsageAnswer>;

/** `GET /projects/{p}/usage/top`: groups with the most of a measure, each with everything below it. */
export const UsageTopAnswer = z.object({
  resource: ResourceName,
  /** Nothing recorded later changes the answer. */
  final: z.boolean(),
  /** Ordered by the measure, then by id. The name and type are the last ones in the period. */
  items: z.array(z.object({ groupId: Id, name: z.string(), type: GroupTypeName, ...UsageMeasures.shape })),
});
export type UsageTopAnswer = z.infer<typeof UsageTopAnswer>;

/** `GET /usage`: the use of whole projects, alone or together. */
export const ProjectsUsageAnswer = z.object({
  timeZone: z.string(),
  /** Ordered by the ids of projects or partners, or in the order of resources. */
  items: z.array(
    z.object({
      resource: ResourceName,
      /** With `groupBy=project` and `groupBy=partner`. */
      partnerId: Id.optional(),
      /** With `groupBy=project`. */
      projectId: Id.optional(),
      /** Of the project or the partner. */
      name: z.string().optional(),
      /** How many projects are in the row. */
      projectCount: Count,
      ...measured,
    }),
  ),
});
export type ProjectsUsageAnswer = z.infer<typeof ProjectsUsageAnswer>;

/** Where the count of the groups below a group ends. */
export const MAX_DESCENDANT_COUNT = 100;

const TreeResource = z.object({
  /** The limit of the group itself; `null`: unlimited, or not restricted. */
  limit: LimitValue,
  /** The least limit of the group, the groups above it and the project. */
  effectiveLimit: LimitValue,
  /** Units in force in the group and everything below it, and those that are suspended. */
  consumed: Count,
  suspended: Count,
});

/** `GET /projects/{p}/tree` */
export const TreeAnswer = z.object({
  ...basis,
  /** The rows in sight, or the groups found, of which `items` are some. */
  total: Count,
  /** A group, then the rows below it if it is expanded; siblings by name, then by id. With `state` the groups found, the highest first. */
  items: z.array(
    z.object({
      groupId: Id,
      parentId: Id.nullable(),
      name: z.string(),
      type: GroupTypeName,
      /** How many groups are above it; 0: the root. */
      level: Count,
      /** From 1, among the siblings in sight, or among all groups found. */
      positionInSet: z.int().min(1),
      setSize: z.int().min(1),
      childCount: Count,
      /** Counted up to 100, which means as many or more. */
      descendantCount: Count.max(MAX_DESCENDANT_COUNT),
      status: StatusName,
      resources: z.object({ sip_number: TreeResource, mobile_app: TreeResource, ukey2: TreeResource }),
      /** With `state`: why the group was found. */
      found: z
        .object({
          states: z.array(TreeState).min(1),
          /** When the first of what it relies on ends, where it is `ending_soon`. */
          endsAt: IsoInstant.nullable(),
          /** The groups above it that the caller sees, from the top. */
          above: z.array(z.object({ groupId: Id, name: z.string() })),
        })
        .optional(),
    }),
  ),
});
export type TreeAnswer = z.infer<typeof TreeAnswer>;

/** How well something found matches, the best first. */
export const SEARCH_MATCHES = ['exact', 'prefix', 'similar'] as const;
export const SearchMatch = z.enum(SEARCH_MATCHES);
export type SearchMatch = z.infer<typeof SearchMatch>;

/** The field that matches. */
export const SearchField = z.enum(['id', 'userId', 'externalId', 'serialNumber', 'email', 'name']);
export type SearchField = z.infer<typeof SearchField>;

/** `GET /search` */
export const SearchAnswer = z.object({
  items: z.array(
    z.object({
      kind: SearchKind,
      /** Of the partner, project, group, membership, license or assignment; the serial number of a device. */
      id: z.string(),
      /** The name; of a device the serial number, of a license its type, of an assignment its resource. */
      text: z.string(),
      projectId: Id.nullable(),
      projectName: z.string().nullable(),
      /** The group where it is; `null`: it belongs to no group. */
      groupId: Id.nullable(),
      /** Names of groups from the root down, as far as the caller sees them. */
      path: z.array(z.string()),
      field: SearchField,
      match: SearchMatch,
    }),
  ),
});
export type SearchAnswer = z.infer<typeof SearchAnswer>;

/** The part of a project that a change is in. */
export const ChangeKind = z.enum(['project', 'groups', 'members', 'devices', 'licensing']);
export type ChangeKind = z.infer<typeof ChangeKind>;

/** The data of an event of `GET /projects/{p}/changes`. */
export const ProjectChange = z.object({ kinds: z.array(ChangeKind).readonly() });
export type ProjectChange = z.infer<typeof ProjectChange>;

import { z } from 'zod';
import { BILLING_EVENTS } from '../billing/events.js';
import { GROUPS_EVENTS } from '../groups/events.js';
import { GroupTypeName, TimeZone } from '../groups/words.js';
import { Id, IsoInstant } from '../http/common.js';
import { LICENSING_EVENTS } from '../licensing/events.js';
import { ResourceName } from '../licensing/words.js';

/** The types of all integration events. */
export const INTEGRATION_EVENT_TYPES: readonly string[] = [GROUPS_EVENTS, LICENSING_EVENTS, BILLING_EVENTS].flatMap(
  (types) => Object.keys(types),
);

/** The longest that a request for events waits, in seconds. */
export const MAX_EVENTS_WAIT_SECONDS = 30;

/** `GET /events` */
export const EventsQuery = z.strictObject({
  after: z.string().min(1).max(1_000).optional(),
  // Other characters are up to nine times as long in the address, which is limited to 16 KiB with all headers.
  types: z
    .string()
    .max(5_000)
    .regex(/^[a-z0-9.,-]*$/, 'must be types of integration events, separated by commas')
    .transform((list) => [...new Set(list.split(','))])
    .refine((types) => types.every((type) => INTEGRATION_EVENT_TYPES.includes(type)), {
      error: 'must be types of integration events, separated by commas',
    })
    .optional()
    .meta({ examples: ['allotree.license-granted.v1,allotree.license-extended.v1'] }),
  subject: Id.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  wait: z.coerce.number().int().min(0).max(MAX_EVENTS_WAIT_SECONDS).default(0),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

const [FIRST, LAST] = [0, Date.parse('9999-12-31T23:59:59.999Z')];

/** An instant of a query. */
export const At = IsoInstant.max(40).refine(
  (at) => Date.parse(at) >= FIRST && Date.parse(at) <= LAST,
  'must be in the years 1970 to 9999',
);

const ETAG = /^(?<groups>groups:)?(?:"(?<quoted>\d{1,15})"|(?<plain>\d{1,15}))$/;

/** The `ETag` of a command about a project: the answer has what the command recorded. One of the group service has `groups:` before it. */
const AtLeast = z
  .string()
  .max(30)
  .regex(
    ETAG,
    'must be the ETag of a command, such as 7, or of a command about groups, members and devices, such as groups:7',
  )
  .transform((text) => {
    const { groups, quoted, plain } = ETAG.exec(text)?.groups ?? {};
    return {
      source: groups === undefined ? 'license-service' : 'group-service',
      revision: Number(quoted ?? plain),
    } as const;
  })
  .meta({ examples: ['7', 'groups:7'] });
export type AtLeast = z.infer<typeof AtLeast>;

/** Lets an answer wait for a command. */
const fresh = { atLeast: AtLeast.optional() };

/** `GET /projects/{p}/groups/{g}/quota/as-of`; default: now. */
export const QuotaAsOfQuery = z.strictObject({ at: At.optional(), ...fresh });
export type QuotaAsOfQuery = z.infer<typeof QuotaAsOfQuery>;

/** `GET /projects/{p}/groups/{g}/quota/why`; default: now. */
export const QuotaWhyQuery = z.strictObject({ resource: ResourceName, at: At.optional(), ...fresh });
export type QuotaWhyQuery = z.infer<typeof QuotaWhyQuery>;

/** `GET /projects/{p}/groups/{g}/quota/diff` */
export const QuotaDiffQuery = z.strictObject({ from: At, to: At, ...fresh });
export type QuotaDiffQuery = z.infer<typeof QuotaDiffQuery>;

/** The most windows that one answer has, over all rows of it. */
export const MAX_USAGE_WINDOWS = 10_000;

/** The most projects over which use is measured in one answer. */
export const MAX_USAGE_PROJECTS = 1_000;

const DAY_MS = 86_400_000;
/** Days, hours, minutes and seconds of an ISO 8601 duration. */
const DURATION = /^P(?=.)(?:(\d{1,3})D)?(?:T(?=.)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?$/;

/** A length of time of up to 366 days of 24 hours; read as milliseconds. */
const Duration = z
  .string()
  .max(20)
  .regex(DURATION, 'must be an ISO 8601 duration of days, hours, minutes and seconds, such as PT1H')
  .transform((text) => {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = (DURATION.exec(text) ?? [])
      .slice(1)
      .map((digits: string | undefined) => Number(digits ?? 0));
    return days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000;
  })
  .refine((lengthMs) => lengthMs > 0 && lengthMs <= 366 * DAY_MS, 'must be from PT1S to P366D')
  .meta({ examples: ['PT1H'] });

/** The limit with which use is compared: the capacity of the project at each instant, or a number of units. */
const Committed = z
  .string()
  .regex(/^(capacity|\d{1,9})$/, 'must be capacity or a number of units')
  .transform((text) => (text === 'capacity' ? text : Number(text)))
  .meta({ examples: ['capacity', '80'] });

const period = { from: At, to: At };
const measured = {
  ...period,
  window: z.enum(['none', 'PT1H', 'P1D', 'P1W', 'P1M']).default('none'),
  timeZone: TimeZone.optional(),
  /** Adds `sustained` to the measures: the most units in use without interruption for at least as long. */
  sustained: Duration.optional(),
  /** Adds `overageMs` to the measures: the integral of the units above. */
  committed: Committed.optional(),
};

/** `GET /projects/{p}/groups/{g}/usage`; the default time zone is that of the project. */
export const UsageQuery = z.strictObject({
  resource: ResourceName,
  ...measured,
  groupBy: z.enum(['none', 'child', 'type']).default('none'),
  ...fresh,
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** `GET /usage`; the default time zone is UTC. */
export const ProjectsUsageQuery = z
  .strictObject({
    /** Absent with `groupBy=resource`: all. */
    resource: ResourceName.optional(),
    ...measured,
    partnerId: Id.optional(),
    groupBy: z.enum(['project', 'partner', 'resource']).default('project'),
  })
  .refine(({ resource, groupBy }) => resource !== undefined || groupBy === 'resource', {
    path: ['resource'],
    error: 'must be named, except with groupBy=resource',
  });
export type ProjectsUsageQuery = z.infer<typeof ProjectsUsageQuery>;

/** `GET /projects/{p}/usage/top` */
export const UsageTopQuery = z.strictObject({
  resource: ResourceName,
  ...period,
  /** `growth`: units in force at the end less those at the beginning. */
  measure: z.enum(['peak', 'average', 'growth']).default('peak'),
  type: GroupTypeName.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  ...fresh,
});
export type UsageTopQuery = z.infer<typeof UsageTopQuery>;

/** The most groups that one request for rows of a tree opens, and the most rows of its answer. */
export const MAX_EXPANDED_GROUPS = 200;
export const MAX_TREE_ROWS = 200;

/** States of a group that need attention: it has used up a limit, relies on something that ends soon, or has suspended units. */
export const TREE_STATES = ['at_limit', 'ending_soon', 'suspended'] as const;
export const TreeState = z.enum(TREE_STATES);
export type TreeState = z.infer<typeof TreeState>;

/** `GET /projects/{p}/tree`; default: now, from the top. */
export const TreeQuery = z
  .strictObject({
    at: At.optional(),
    parentId: Id.optional(),
    /** Instead of the rows in sight: every group in one of these states. */
    state: z
      .string()
      .max(100)
      .regex(/^[a-z_,]*$/, 'must be states of groups, separated by commas')
      .transform((list) => [...new Set(list.split(','))])
      .pipe(z.array(TreeState))
      .optional()
      .meta({ examples: ['at_limit,suspended'] }),
    /** For `ending_soon`: the end is within this number of days. */
    endingWithinDays: z.coerce.number().int().min(1).max(365).default(30),
    // The address is limited to 16 KiB with all headers.
    expanded: z
      .string()
      .max(8_000)
      .regex(/^[A-Za-z0-9_,-]*$/, 'must be ids of groups, separated by commas')
      .transform((list) => [...new Set(list.split(',').filter((id) => id !== ''))])
      .refine((ids) => ids.length <= MAX_EXPANDED_GROUPS && ids.every((id) => Id.safeParse(id).success), {
        error: `must be up to ${MAX_EXPANDED_GROUPS} ids of groups, separated by commas`,
      })
      .default([])
      .meta({ examples: ['hafenblick,building-a'] }),
    offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    limit: z.coerce.number().int().min(1).max(MAX_TREE_ROWS).default(100),
    ...fresh,
  })
  .refine(({ state, expanded }) => state === undefined || expanded.length === 0, {
    path: ['expanded'],
    error: 'must be absent with state, which finds groups whether or not those above are expanded',
  });
export type TreeQuery = z.infer<typeof TreeQuery>;

/** Kinds of things that can be searched for, in the order in which equally good hits are answered. */
export const SEARCH_KINDS = ['partner', 'project', 'group', 'person', 'device', 'license', 'assignment'] as const;
export const SearchKind = z.enum(SEARCH_KINDS);
export type SearchKind = z.infer<typeof SearchKind>;

/** `GET /search`; default: every kind. */
export const SearchQuery = z.strictObject({
  q: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100)
    // A check and no pattern: generators of clients and of tests cannot read classes of Unicode.
    .refine((q) => !/\p{Cc}/u.test(q), 'must not contain control characters'),
  // Other characters are up to nine times as long in the address, which is limited to 16 KiB with all headers.
  kinds: z
    .string()
    .max(200)
    .regex(/^[a-z,]*$/, 'must be kinds of things, separated by commas')
    .transform((list) => [...new Set(list.split(','))])
    .pipe(z.array(SearchKind))
    .optional()
    .meta({ examples: ['group,person'] }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type SearchQuery = z.infer<typeof SearchQuery>;

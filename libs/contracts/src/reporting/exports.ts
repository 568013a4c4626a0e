import { z } from 'zod';
import { MAX_FILTER_LENGTH } from '../filters/index.js';
import { TimeZone } from '../groups/words.js';
import { Id, IsoInstant } from '../http/common.js';
import { At } from './requests.js';

/** What can be exported: of an instant, and of a period. */
export const STATES = [
  'partners',
  'projects',
  'groups',
  'members',
  'devices',
  'licenses',
  'allotments',
  'assignments',
] as const;
export const PERIODS = ['usage_of_projects', 'usage_of_groups', 'events'] as const;
export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet', 'xlsx'] as const;
/** The windows that the use in a period is cut into. */
export const EXPORT_WINDOWS = ['none', 'P1D', 'P1W', 'P1M'] as const;

const DAY_MS = 86_400_000;
/** Windows that a period is cut into at most. */
const MAX_DAYS = 10_000;

const usage: readonly string[] = ['usage_of_projects', 'usage_of_groups'];
const ofInstant: readonly string[] = STATES;

type Fault = readonly [field: string, message: string];

interface Asked {
  readonly dataset: string;
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly window?: string | undefined;
  readonly timeZone?: string | undefined;
}

/** Fields that the dataset does not take, or needs. */
function misplaced({ dataset, at, from, to, window, timeZone }: Asked): Fault[] {
  const period = Object.entries({ from, to });
  const ofUse = Object.entries({ window, timeZone }).filter(([, value]) => value !== undefined);
  const faults = usage.includes(dataset) ? [] : ofUse.map(([field]): Fault => [field, `is not for ${dataset}`]);
  if (ofInstant.includes(dataset)) {
    const given = period.filter(([, value]) => value !== undefined);
    return [...faults, ...given.map(([field]): Fault => [field, `is not for ${dataset}: say at`])];
  }
  if (at !== undefined) faults.push(['at', `is not for ${dataset}: say from and to`]);
  const missing = period.filter(([, value]) => value === undefined);
  return [...faults, ...missing.map(([field]): Fault => [field, `is required for ${dataset}`])];
}

function wrongPeriod({ from, to, window }: Asked): Fault[] {
  if (from === undefined || to === undefined) return [];
  const length = Date.parse(to) - Date.parse(from);
  if (length <= 0) return [['to', 'must be after from']];
  return window === 'P1D' && length > MAX_DAYS * DAY_MS
    ? [['window', `gives more than ${MAX_DAYS} windows: ask for P1W or P1M`]]
    : [];
}

/** `POST /exports` */
export const ExportRequest = z
  .strictObject({
    dataset: z.enum([...STATES, ...PERIODS]),
    format: z.enum(EXPORT_FORMATS),
    /** Of the rows, in the filter language of lists. */
    filter: z.string().min(1).max(MAX_FILTER_LENGTH).optional(),
    /** Of a dataset of an instant; default: now. */
    at: At.optional(),
    /** Of a dataset of a period. */
    from: At.optional(),
    to: At.optional(),
    /** Of use: what the period is cut into. */
    window: z.enum(EXPORT_WINDOWS).optional(),
    /** Of use: the zone of the windows; default: that of each project. */
    timeZone: TimeZone.optional(),
  })
  .superRefine((request, context) => {
    for (const [field, message] of [...misplaced(request), ...wrongPeriod(request)])
      context.addIssue({ code: 'custom', path: [field], message });
  });
export type ExportRequest = z.infer<typeof ExportRequest>;

const Manifest = z.object({
  files: z.array(
    z.object({ name: z.string(), rows: z.int().min(0), bytes: z.int().min(0), sha256: z.string(), path: z.string() }),
  ),
  schema: z.array(z.object({ name: z.string(), type: z.string() })),
  /** The event log's last position in the rows. */
  position: z.string(),
  /** The instant, or the end of the period. */
  at: IsoInstant,
  /** Whether the rows can no longer change: every project has a later event. */
  final: z.boolean(),
});

export const ExportAnswer = z.object({
  exportId: Id,
  dataset: z.enum([...STATES, ...PERIODS]),
  format: z.enum(EXPORT_FORMATS),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  /** Rows written so far. */
  rows: z.int().min(0),
  createdAt: IsoInstant,
  finishedAt: IsoInstant.nullable(),
  /** When it is removed. */
  expiresAt: IsoInstant,
  /** Why it failed; `null`: it did not. */
  reason: z.string().nullable(),
  /** `null` until it is done. */
  manifest: Manifest.nullable(),
});
export type ExportAnswer = z.infer<typeof ExportAnswer>;
export type ExportManifest = z.infer<typeof Manifest>;

export const ExportsAnswer = z.object({ items: z.array(ExportAnswer), nextCursor: z.null() });
export type ExportsAnswer = z.infer<typeof ExportsAnswer>;

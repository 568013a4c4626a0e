import { z } from 'zod';
import { Count, Id, IsoInstant } from '../http/common.js';
import { EffectsAnswer } from '../licensing/responses.js';

/** `POST /projects/{p}/plans`: a project file (`examples/project.schema.json`), and whether what it does not name goes. */
export const MakePlanRequest = z
  .strictObject({ document: z.record(z.string(), z.unknown()), prune: z.boolean().default(false) })
  .meta({
    examples: [
      {
        document: { project: { name: 'Hafenblick', groups: [{ name: 'Building A', type: 'building', key: 'ERP-A' }] } },
      },
    ],
  });
export type MakePlanRequest = z.infer<typeof MakePlanRequest>;

const Kind = z.enum(['group', 'restriction', 'device', 'assignment']);

/** A difference between the file and the project; `path`: the group it is at. */
const PlanOperation = z.object({
  op: z.enum(['create', 'update', 'move', 'remove']),
  kind: Kind,
  path: z.string(),
  count: Count,
  before: z.looseObject({}).nullable(),
  after: z.looseObject({}).nullable(),
});

/** A refused change, by the group it is about. */
export const PlanRefusal = z.object({
  kind: Kind,
  path: z.string(),
  code: z.string(),
  detail: z.string(),
  facts: z.looseObject({}),
});
export type PlanRefusal = z.infer<typeof PlanRefusal>;

export const PlanSummary = z.object({ create: Count, update: Count, move: Count, remove: Count, unchanged: Count });

/** The operations that an answer lists; the others are counted. */
export const LISTED_OPERATIONS = 1_000;

/** The phase that a plan is in, and how much of it is done. */
const PlanProgress = z.object({
  phase: z.enum(['groups', 'devices', 'restrictions', 'assignments', 'done']),
  done: Count,
  total: Count,
});

/** `POST /projects/{p}/plans`, `GET /projects/{p}/plans/{id}` */
export const PlanAnswer = z.object({
  planId: Id,
  status: z.enum(['planned', 'applying', 'applied']),
  prune: z.boolean(),
  createdAt: IsoInstant,
  /** Then the plan is deleted. */
  expiresAt: IsoInstant,
  /** The revisions of the tree and of the licensing that the plan was made at. */
  baseRevisions: z.object({ groups: z.int(), licensing: z.int() }),
  summary: PlanSummary,
  operations: z.array(PlanOperation),
  /** How many operations are not listed. */
  omitted: Count,
  refusals: z.array(PlanRefusal),
  effects: EffectsAnswer,
  /** Of all operations and refusals: equal for plans that do the same. */
  hash: z.string(),
  progress: PlanProgress.nullable(),
});
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** `POST /projects/{p}/plans/{id}/apply`: `applying` means that the request is to be sent again to go on. */
export const ApplyPlanAnswer = z.object({
  planId: Id,
  status: z.enum(['applying', 'applied']),
  summary: PlanSummary,
  progress: PlanProgress,
});
export type ApplyPlanAnswer = z.infer<typeof ApplyPlanAnswer>;

/** `GET /projects/{p}/export`: the content of a project file. */
export const ProjectFileAnswer = z.looseObject({ project: z.looseObject({ name: z.string() }) });
export type ProjectFileAnswer = z.infer<typeof ProjectFileAnswer>;

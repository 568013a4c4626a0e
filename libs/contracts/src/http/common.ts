import { z } from 'zod';

/** 2^31 - 1: what a count can be at most. */
export const MAX_COUNT = 2_147_483_647;

/** An identifier of this system. */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'must be 1 to 64 letters, digits, "_" or "-", and begin with a letter or digit',
  );
export type Id = z.infer<typeof Id>;

/** A name people read: trimmed, 1 to 200 characters, no control characters. */
export const Name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200)
  // A check and no pattern: generators of clients and of tests cannot read classes of Unicode.
  .refine((name) => !/\p{Cc}/u.test(name), 'must not contain control characters');

/** How many, exactly: a whole number from 0 to 2^31 - 1. */
export const Count = z.int().min(0).max(MAX_COUNT);

/** A limit: a count, or `null` for unlimited. */
export const LimitValue = Count.nullable();

/** An instant with its offset, e.g. `2026-06-01T00:00:00Z`. */
export const IsoInstant = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 date and time with an offset, such as 2026-06-01T00:00:00Z',
});

export const IsoDate = z.iso.date();

/** A calendar date (in the project's time zone, E4) or an instant with its offset. */
export const DateOrInstant = z
  .string()
  .refine((value) => IsoDate.safeParse(value).success || IsoInstant.safeParse(value).success, {
    error: 'must be a date (2026-06-01) or a date and time with an offset (2026-06-01T00:00:00Z)',
  })
  .meta({ examples: ['2026-06-01'] });

/** Characters of the longest cursor. */
export const MAX_CURSOR = 2_000;

/** The page of a list that is asked for. */
export const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .min(1)
    .max(MAX_CURSOR)
    // Other characters are up to nine times as long in the address, which is limited to 16 KiB with all headers.
    .regex(/^[\w.~-]*$/, 'must be the nextCursor of an earlier answer')
    .optional(),
});
export type Page = z.infer<typeof Page>;

/** `?dryRun=true` (R7). */
export const Flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');
export const DryRun = z.strictObject({ dryRun: Flag });

/** A page of a list: ask again with `nextCursor` until it is `null`. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** A member of an answer that a request may repeat, as clients send back what they read. It never changes anything. */
export const readOnly = <Schema extends z.ZodType>(schema: Schema) => schema.optional().meta({ readOnly: true });

/** The fault of one field; `''` is the body as a whole. */
export const FieldError = z.object({ field: z.string(), message: z.string() });
export type FieldError = z.infer<typeof FieldError>;

/** RFC 9457 problem details; the facts of the code are further members. */
export const ProblemDetails = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  correlationId: z.string(),
  errors: z.array(FieldError).optional(),
  /** The path, below `/api/v1`, at which the limits behind a refusal are explained as of the decision; items of a batch have their own. */
  why: z.string().optional(),
});
export type ProblemDetails = z.infer<typeof ProblemDetails>;

/** Of a command that takes no body: none, or an empty object. */
export const NoBody = z.strictObject({}).optional();

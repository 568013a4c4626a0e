import { ClaimCode, Email, ExternalId } from '@allotree/contracts';
import {
  BILLING_MODES,
  FEATURES,
  GROUP_TYPES,
  LICENSE_TYPES,
  PARTNER_KINDS,
  POOL_MODES,
  RECURRENCES,
  RESOURCES,
  tidyName,
} from '@allotree/domain';
import { DateTime, Duration } from 'luxon';
import { z } from 'zod';

/**
 * The form of a project file (`examples/*.yaml`). `examples/project.schema.json` is made from it, for editors; what an
 * editor cannot see (names that point nowhere, dates that do not exist) is checked by `readProjectFile`.
 */

const MAX_COUNT = 2_147_483_647;
/** As the server keeps names, so that both compare alike. */
const name = z.string().overwrite(tidyName).min(1).max(200);
const externalId = ExternalId.optional().describe('The id by which another system, such as an ERP, knows it');
const NUMBERED = /\{n(:\d)?\}/;
const limit = z.int().min(0).max(MAX_COUNT).nullable();

/** A term's border: a date, an instant with its offset, or an ISO 8601 duration from the day the file is applied. */
export const isRelative = (when: string): boolean => /^-?P/.test(when);
const isWhen = (when: string): boolean => {
  if (isRelative(when)) return Duration.fromISO(when).isValid;
  return DateTime.fromISO(when, { setZone: true }).isValid && /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(when);
};
const when = z
  .string()
  .refine(isWhen, {
    error:
      'must be a date (2026-12-01), an instant with its offset (2026-12-01T00:00:00Z) or a duration from today (P6M, -P1Y)',
  })
  .describe(
    'A date, an instant with its offset, or an ISO 8601 duration from the day the file is first applied (P12M, -P5M)',
  );

const term = { validFrom: when.optional(), validUntil: when.nullable().optional() };
const units = z
  .strictObject({ sip_number: limit.default(0), mobile_app: limit.default(0), ukey2: limit.default(0) })
  .describe('Units per resource; null is unlimited, what is not named is 0');
const features = z
  .union([z.literal('all'), z.array(z.enum(FEATURES))])
  .transform((chosen): readonly (typeof FEATURES)[number][] => (chosen === 'all' ? FEATURES : chosen));
const numbering = { firstNumber: z.int().min(0).max(MAX_COUNT).default(1) };

const administrator = z.strictObject({ name, email: Email });
const licensePackage = z.strictObject({ name, units, features: features.default([]), ...term });
const purchase = z
  .strictObject({ package: name, units, features: features.optional(), ...term })
  .describe('What this partner bought out of a package of the partner above it');
const partner = z.strictObject({
  name,
  kind: z.enum(PARTNER_KINDS),
  parent: name.optional().describe('The partner above it, named earlier in the file'),
  administrator,
  ownProject: name.optional().describe('The project its registration brings along, with a trial of 30 days'),
  packages: z.array(licensePackage).default([]),
  purchases: z.array(purchase).default([]),
});

const license = z.strictObject({
  from: name.describe('The partner whose stock it comes out of'),
  package: name,
  units,
  features: features.optional(),
  ...term,
  externalId,
});

const allotment = z.strictObject({
  type: z.enum(LICENSE_TYPES).default('plus'),
  units,
  features: features.default([]),
  ...term,
});
const reminder = z.strictObject({
  daysBefore: z.array(z.int().min(1).max(365)).min(1).max(5),
  recurrence: z.enum(RECURRENCES),
  recipients: z.enum(['administrators', 'members']).default('administrators'),
});
const restriction = z.strictObject({
  poolMode: z.enum(POOL_MODES).default('shared'),
  gracePeriodDays: z.int().min(0).max(365).default(0),
  allotments: z.array(allotment).max(100),
  reminder: reminder.nullable().default(null),
});

const refused = z
  .strictObject({
    code: z.string(),
    available: limit.optional(),
    limitedBy: name.optional().describe('The group that binds, by its name'),
  })
  .describe('The refusal that must come, with the facts it must carry');
const rehearsal = z
  .strictObject({ title: name, poolModeAbove: z.enum(POOL_MODES), refused })
  .describe('Before the group is restricted for the first time: what happens with another pool mode above it');

/** A group with those below it. */
export const GroupNode = z.strictObject({
  name,
  type: z.enum(GROUP_TYPES),
  key: ExternalId.optional().describe(
    'The external id of the group. A group is found by its key, else by its name: with a key, another name renames it and another place moves it',
  ),
  protect: z
    .boolean()
    .optional()
    .describe('Refuses to remove anything at this group or below it that the file does not name'),
  restriction: restriction.optional(),
  rehearsal: rehearsal.optional(),
  get groups(): z.ZodDefault<z.ZodArray<typeof GroupNode>> {
    return z.array(GroupNode).default([]);
  },
});

const level = z.strictObject({
  count: z.int().min(1).max(100_000).describe('Under every group of the level above'),
  namePattern: z
    .string()
    .regex(NUMBERED, 'must contain {n}, the place of the number')
    .max(100)
    .describe(
      '{n} is the number, {n:2} the number in two digits at least; {building}, {unit} and {floor} are those above',
    ),
  ...numbering,
  restriction: restriction.optional(),
  restrictedOfEach: z
    .int()
    .min(1)
    .optional()
    .describe('How many get the restriction under every group above (the first ones); all, where it is not named'),
});
const generation = z
  .strictObject({
    buildings: level.optional(),
    units: level.optional(),
    floors: level.optional(),
    apartments: level.extend({ restart: z.enum(['unit', 'building', 'floor']).default('unit') }).optional(),
  })
  .describe('Groups made by count and name pattern, with the restrictions of each level');

export const Device = z.strictObject({
  group: name,
  serialNumber: name,
  model: name,
  claimCode: ClaimCode.optional().describe('Needed where the vendor keeps a device catalogue'),
  externalId,
});
export const Assignment = z
  .strictObject({
    group: name,
    resource: z.enum(RESOURCES),
    count: z.int().min(1).max(10_000).default(1),
    label: z
      .string()
      .overwrite(tidyName)
      .min(1)
      .max(200)
      .optional()
      .describe('With {n}, the place of the number, where there are several; {n:2} writes at least two digits'),
    holder: name.optional().describe('The id of the person who holds it'),
    externalId: ExternalId.optional().describe('The ids by which another system knows them, with {n} as in the label'),
    ...numbering,
  })
  .check(({ value: { count, label, externalId: id }, issues }) => {
    const severalNeed = (field: string, text: string | undefined): void => {
      if (count > 1 && text !== undefined && !NUMBERED.test(text))
        issues.push({
          code: 'custom',
          path: [field],
          input: text,
          message: 'must contain {n}, the place of the number',
        });
    };
    severalNeed('label', label);
    severalNeed('externalId', id);
  })
  .describe('Units in use at a group, one for each label');

const attempt = { title: name, rule: z.string().optional(), refused };
const refusal = z
  .union([
    z.strictObject({ ...attempt, restrict: z.strictObject({ group: name, restriction }) }),
    z.strictObject({ ...attempt, assign: z.strictObject({ group: name, resource: z.enum(RESOURCES) }) }),
    z.strictObject({ ...attempt, issue: license }),
  ])
  .describe('A request that must be refused; it is sent as a dry run, so it never has an effect');

export const ProjectFile = z
  .strictObject({
    $schema: z.string().optional(),
    title: name.optional(),
    partners: z.array(partner).default([]).describe('Who sells: applied by the demo alone, a plan changes no partner'),
    project: z.strictObject({
      name,
      partner: name.optional().describe('The partner the project belongs to; needed to create it'),
      timeZone: z
        .string()
        .refine((zone) => DateTime.local({ zone }).isValid, { error: 'must be an IANA time zone' })
        .default('UTC'),
      billingMode: z.enum(BILLING_MODES).default('prepaid'),
      licenses: z.array(license).default([]),
      restriction: restriction.optional().describe('The restriction of the main group (the company)'),
      groups: z.array(GroupNode).default([]),
      generate: generation.optional(),
    }),
    devices: z.array(Device).default([]),
    assignments: z.array(Assignment).default([]),
    refusals: z.array(refusal).default([]),
  })
  .describe('A project of Allotree: who sells, what is sold, the tree and what is allotted down it');

export type ProjectFile = z.infer<typeof ProjectFile>;
export type PartnerEntry = z.infer<typeof partner>;
export type PurchaseEntry = z.infer<typeof purchase>;
export type PackageEntry = z.infer<typeof licensePackage>;
export type LicenseEntry = z.infer<typeof license>;
export type RestrictionEntry = z.infer<typeof restriction>;
export type GroupEntry = z.infer<typeof GroupNode>;
export type GenerationEntry = z.infer<typeof generation>;
export type LevelEntry = z.infer<typeof level>;
export type DeviceEntry = z.infer<typeof Device>;
export type AssignmentEntry = z.infer<typeof Assignment>;
export type RehearsalEntry = z.infer<typeof rehearsal>;
export type RefusedEntry = z.infer<typeof refused>;
export type RefusalEntry = z.infer<typeof refusal>;
export type UnitsEntry = z.infer<typeof units>;

/** The levels of a generation from the top, with the type of their groups. */
export const LEVELS = [
  ['buildings', 'building'],
  ['units', 'unit'],
  ['floors', 'floor'],
  ['apartments', 'apartment'],
] as const;

/** The levels that a generation names, from the top. */
export const levelsOf = (generation: GenerationEntry): { type: (typeof LEVELS)[number][1]; level: LevelEntry }[] =>
  LEVELS.flatMap(([key, type]) => {
    const level = generation[key];
    return level ? [{ type, level }] : [];
  });

/** The separator of the names of a path: `Building A / Unit 1`. */
export const PATH_SEPARATOR = ' / ';

/** Writes a number where the pattern has `{n}` (`{n:2}`: in two digits at least). */
export const nameOf = (pattern: string, number: number): string =>
  pattern.replaceAll(/\{n(?::(\d))?\}/g, (_, digits: string | undefined) =>
    String(number).padStart(Number(digits ?? 1), '0'),
  );

export const projectFileSchema = (): object => ({
  ...z.toJSONSchema(ProjectFile, { io: 'input', unrepresentable: 'any' }),
  title: 'Allotree project file',
});

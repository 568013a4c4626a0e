import {
  eachUnit,
  noCounts,
  projectOfTerms,
  restrictionOfTerms,
  type BillingMode,
  type Counts,
  type Instant,
  type Level,
  type LevelLicense,
  type LevelRestriction,
  type LevelUsage,
  type PoolMode,
  type QuotaFacts,
  type Resource,
  type SectionTerms,
} from '@allotree/domain';
import { notFound, Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { FACTS } from './facts-statement.js';
import { runPrepared } from './prepared.js';

/** A group at an instant. */
export interface Moment {
  readonly projectId: string;
  readonly groupId: string;
  readonly at: Instant;
  /** The parameter of the request that names the instant. */
  readonly parameter: 'at' | 'from' | 'to';
}

/** Units in force, suspended, and the position of the event. */
type UseRow = Readonly<Partial<Record<Resource, readonly [number, number, string]>>> | null;
type Dated<Term> = Omit<Term, 'validFrom' | 'validUntil'> & {
  readonly validFrom: string;
  readonly validUntil: string | null;
};

interface SectionRow {
  readonly position: string;
  readonly poolMode: PoolMode;
  readonly gracePeriodDays: number;
  readonly allotments: readonly Dated<SectionTerms['allotments'][number]>[];
}

/** The row that the statements about quotas return. */
export interface FactsRow {
  readonly project: {
    readonly name: string;
    readonly billingMode: BillingMode;
    readonly timeZone: string;
    readonly position: string;
  } | null;
  readonly begun_at: Date | null;
  readonly devices: readonly [number, string | null];
  readonly licenses: readonly (Dated<Omit<LevelLicense, 'phase'>> & { readonly position: string })[] | null;
  readonly levels:
    | readonly {
        readonly groupId: string;
        readonly name: string;
        readonly position: string;
        readonly section: SectionRow | null;
        readonly use: UseRow;
      }[]
    | null;
  readonly below:
    | readonly {
        readonly poolId: string;
        /** Of the nearest restricted groups below: the sum of their own limits, how many are unlimited, and in a reserved pool their use. */
        readonly allotted: Counts;
        readonly allottedUnlimited: Counts;
        readonly inRestricted: Counts;
        /** Of the newest event behind these. */
        readonly position: string;
        /** Of the event that set each Licenses section. */
        readonly sections: Readonly<Record<string, string>>;
      }[]
    | null;
  readonly progress: Readonly<Record<string, string>> | null;
}

/** Positions of the events behind the facts. */
export interface Origins {
  readonly project: string;
  /** Of the Licenses section in force, by group: of the path, and of the restricted groups that count against a pool of it. */
  readonly sections: ReadonlyMap<string, string>;
  /** Of the last change, by license. */
  readonly licenses: ReadonlyMap<string, string>;
}

/** The facts of a quota as the tables have them. */
export interface RecordedFacts {
  readonly facts: QuotaFacts;
  readonly timeZone: string;
  readonly origins: Origins;
  /** Of the newest event behind the facts. */
  readonly position: string;
  /** `planned`: after the last recorded decision. */
  readonly basis: 'recorded' | 'planned';
  /** Nothing that is recorded later changes the answer. */
  readonly isFinal: boolean;
}

const LICENSING = '/license-service';
const SOURCES = ['/group-service', LICENSING];

/**
 * Reads what the quota of a group at an instant depends on.
 * @throws Problem where there was no such project or group then
 */
export async function factsAt(tx: EntityManager, moment: Moment, statement = FACTS): Promise<RecordedFacts> {
  const { projectId, groupId, at } = moment;
  const [row] = await runPrepared<FactsRow>(tx, statement, [projectId, groupId, new Date(at).toISOString()]);
  return factsIn(row, moment);
}

/**
 * The facts in a row.
 * @throws Problem where there was no such project or group then
 */
export function factsIn(row: FactsRow | undefined, moment: Moment): RecordedFacts {
  const { projectId, at } = moment;
  if (row?.begun_at == null) throw notFound('project', projectId);
  const { project, levels } = row;
  if (project === null) throw beforeTheProject(moment, row.begun_at);
  if (levels === null) throw noGroupThen(moment);
  const { timeZone } = project;
  const licenses = (row.licenses ?? []).map(({ position: _position, ...license }) => dated(license));
  const sections = [
    ...levels.flatMap(({ groupId: id, section }) => (section === null ? [] : ([[id, section.position]] as const))),
    ...(row.below ?? []).flatMap((pool) => Object.entries(pool.sections)),
  ];
  const recordedUntil = (source: string): Instant => Date.parse(row.progress?.[source] ?? '') || 0;
  return {
    facts: { ...projectOfTerms(project, row.devices[0], licenses, at), levels: levelsOf(row, timeZone, at) },
    timeZone,
    origins: {
      project: project.position,
      sections: new Map(sections),
      licenses: new Map((row.licenses ?? []).map(({ licenseId, position }) => [licenseId, position])),
    },
    position: newestOf(row).toString(),
    basis: at <= recordedUntil(LICENSING) ? 'recorded' : 'planned',
    isFinal: SOURCES.every((source) => at < recordedUntil(source)),
  };
}

const beforeTheProject = ({ parameter }: Moment, begunAt: Date): Problem =>
  Problem.validation(parameter, `must not be before ${begunAt.toISOString()}, when the project was created`);

/** The refusal of a group that was not there at the instant. */
export const noGroupThen = ({ groupId, at }: Pick<Moment, 'groupId' | 'at'>): Problem =>
  new Problem('NOT_FOUND', `There was no group ${groupId} at ${new Date(at).toISOString()}`, {
    what: 'group',
    id: groupId,
    at: new Date(at).toISOString(),
  });

function dated<Term extends { readonly validFrom: string; readonly validUntil: string | null }>(term: Term) {
  const { validFrom, validUntil } = term;
  return {
    ...term,
    validFrom: Date.parse(validFrom),
    validUntil: validUntil === null ? null : Date.parse(validUntil),
  };
}

function levelsOf({ levels, below }: FactsRow, timeZone: string, at: Instant): readonly Level[] {
  return (levels ?? []).map(({ groupId, name, section, use }) => ({
    groupId,
    name,
    restriction: restrictionOf(section, timeZone, at),
    usage: {
      ...usageOf(use),
      ...belowOf((below ?? []).find(({ poolId }) => poolId === groupId)),
    },
  }));
}

const restrictionOf = (section: SectionRow | null, timeZone: string, at: Instant): LevelRestriction | null =>
  section && restrictionOfTerms({ ...section, enabled: true, allotments: section.allotments.map(dated) }, timeZone, at);

const usageOf = (use: UseRow): Pick<LevelUsage, 'inForce' | 'suspended'> => ({
  inForce: countsOf((resource) => use?.[resource]?.[0] ?? 0),
  suspended: countsOf((resource) => use?.[resource]?.[1] ?? 0),
});

const countsOf = (count: (resource: Resource) => number): Counts => eachUnit(count) as Counts;

/** Own limits and use of the nearest restricted groups below. */
function belowOf(
  pool: NonNullable<FactsRow['below']>[number] | undefined,
): Pick<LevelUsage, 'allotted' | 'allottedUnlimited' | 'inRestricted'> {
  if (!pool) return { allotted: noCounts(), allottedUnlimited: noCounts(), inRestricted: noCounts() };
  const { allotted, allottedUnlimited, inRestricted } = pool;
  // A sum without numbers is null.
  return { allotted: countsOf((resource) => allotted[resource] ?? 0), allottedUnlimited, inRestricted };
}

function newestOf({ project, devices, licenses, levels, below }: FactsRow): bigint {
  const ofUse = (use: UseRow): string[] => Object.values(use ?? {}).map(([, , position]) => position);
  const positions = [
    project?.position,
    devices[1],
    ...(licenses ?? []).map(({ position }) => position),
    ...(levels ?? []).flatMap(({ position, section, use }) => [position, section?.position, ...ofUse(use)]),
    ...(below ?? []).map(({ position }) => position),
  ];
  return positions.reduce((newest: bigint, position) => {
    const one = BigInt(position ?? 0);
    return one > newest ? one : newest;
  }, 0n);
}

import { basicUnitsOf, type Instant, type LicenseType, type Resource, type Step } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { ofEach, type LicenseVersion, type ProjectFacts } from './project-facts.js';
import type { Rows } from './rows.js';

/** A project, and from when on its use is needed. */
export interface Needed {
  readonly projectId: string;
  readonly from: Instant;
  readonly until: Instant;
}

/** Where the facts about projects come from. */
export type FactsSource = (rows: Rows, needed: readonly Needed[]) => Promise<ReadonlyMap<string, ProjectFacts>>;

const GIVEN = `unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS given (project_id, from_at, until_at)`;

/** The step before the period, and those in it, of the whole project: its root. */
const STEPS = `
  SELECT given.project_id, step.resource, step.at, step.in_force FROM ${GIVEN}
  CROSS JOIN unnest(ARRAY['sip_number', 'mobile_app', 'ukey2']) AS counted (resource)
  CROSS JOIN LATERAL (
    (SELECT resource, at, in_force FROM ${REPORTING}.usage_step
     WHERE project_id = given.project_id AND group_id = given.project_id AND resource = counted.resource AND at <= given.from_at
     ORDER BY at DESC LIMIT 1)
    UNION ALL
    SELECT resource, at, in_force FROM ${REPORTING}.usage_step
    WHERE project_id = given.project_id AND group_id = given.project_id AND resource = counted.resource
      AND at > given.from_at AND at < given.until_at
  ) AS step ORDER BY given.project_id, step.at`;

const LICENSES = `
  SELECT given.project_id, license.license_id, license.type, license.source ->> 'partnerId' AS issued_by, event.id AS event_id,
    license.from_at, license.until_at, license.sip_number, license.mobile_app, license.ukey2, license.valid_from, license.valid_until,
    license.suspended_reason IS NULL AND license.revoked_reason IS NULL AS is_in_force,
    NOT EXISTS (SELECT FROM ${REPORTING}.license_version before WHERE before.project_id = license.project_id
      AND before.license_id = license.license_id AND before.from_at < license.from_at) AS is_first
  FROM ${GIVEN} JOIN ${REPORTING}.license_version license ON license.project_id = given.project_id AND license.from_at < given.until_at
  JOIN ${REPORTING}.event event ON event.position = license.position
  ORDER BY license.project_id, license.from_at, license.license_id`;

const BASIC = `
  SELECT given.project_id, basic.serial_number, basic.from_at, basic.until_at
  FROM ${GIVEN} JOIN ${REPORTING}.basic_license_version basic ON basic.project_id = given.project_id AND basic.from_at < given.until_at
  ORDER BY basic.project_id, basic.from_at, basic.serial_number`;

interface StepRow {
  readonly project_id: string;
  readonly resource: Resource;
  readonly at: Date;
  readonly in_force: number;
}

interface LicenseRow {
  readonly project_id: string;
  readonly license_id: string;
  readonly type: LicenseType;
  readonly issued_by: string | null;
  readonly event_id: string;
  readonly from_at: Date;
  readonly until_at: Date | null;
  readonly sip_number: number | null;
  readonly mobile_app: number | null;
  readonly ukey2: number | null;
  readonly valid_from: Date;
  readonly valid_until: Date | null;
  readonly is_in_force: boolean;
  readonly is_first: boolean;
}

interface BasicRow {
  readonly project_id: string;
  readonly serial_number: string;
  readonly from_at: Date;
  readonly until_at: Date | null;
}

/** The facts as the temporal tables of this service have them, of many projects at once. */
export const factsOfTables: FactsSource = async (rows, needed) => {
  const parameters = (): unknown[] => [
    needed.map(({ projectId }) => projectId),
    needed.map(({ from }) => new Date(from)),
    needed.map(({ until }) => new Date(until)),
  ];
  const steps = await rows.query<StepRow>(STEPS, parameters());
  const licenses = await rows.query<LicenseRow>(LICENSES, parameters());
  const basic = await rows.query<BasicRow>(BASIC, parameters());
  const found = new Map(
    needed.map(({ projectId }) => [projectId, { steps: ofEach((): Step[] => []), licenses: [] as LicenseVersion[] }]),
  );
  for (const { project_id: projectId, resource, at, in_force: units } of steps)
    found.get(projectId)!.steps[resource].push({ at: at.getTime(), units });
  for (const row of licenses) found.get(row.project_id)!.licenses.push(licenseOf(row));
  for (const row of basic) found.get(row.project_id)!.licenses.push(basicOf(row));
  return new Map(
    [...found].map(([projectId, { steps: each, licenses: all }]): [string, ProjectFacts] => [
      projectId,
      { usage: ofEach((resource) => ({ open: 0, steps: each[resource] })), licenses: all },
    ]),
  );
};

const licenseOf = (row: LicenseRow): LicenseVersion => ({
  licenseId: row.license_id,
  type: row.type,
  issuedBy: row.issued_by,
  eventId: row.event_id,
  from: row.from_at.getTime(),
  until: row.until_at?.getTime() ?? null,
  units: { sip_number: row.sip_number, mobile_app: row.mobile_app, ukey2: row.ukey2 },
  validFrom: row.valid_from.getTime(),
  validUntil: row.valid_until?.getTime() ?? null,
  isInForce: row.is_in_force,
  isFirst: row.is_first,
});

const basicOf = (row: BasicRow): LicenseVersion => ({
  licenseId: row.serial_number,
  type: 'basic',
  issuedBy: null,
  eventId: '',
  from: row.from_at.getTime(),
  until: row.until_at?.getTime() ?? null,
  units: basicUnitsOf(1),
  validFrom: row.from_at.getTime(),
  validUntil: null,
  isInForce: true,
  isFirst: true,
});

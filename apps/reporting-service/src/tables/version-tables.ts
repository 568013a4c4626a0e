import type { GroupType, BillingMode, Feature, Limit, LicenseType, PoolMode, Resource } from '@allotree/domain';
import type { VersionTable } from './versions.js';

const table = <Key extends string>(
  name: string,
  key: readonly Key[],
  columns: Readonly<Record<string, string>>,
): VersionTable<Key> => ({ name, key, columns });

/** The columns of the tables of versions that change, as rows have them. */
export interface PartnerRow {
  readonly parent_partner_id: string | null;
  readonly kind: string;
  readonly name: string;
  readonly is_postpaid_allowed: boolean;
  readonly is_closed: boolean;
}
export const PARTNERS = table('partner_version', ['partner_id'], {
  parent_partner_id: 'text',
  kind: 'text',
  name: 'text',
  is_postpaid_allowed: 'boolean',
  is_closed: 'boolean',
});

export interface ProjectRow {
  readonly partner_id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly billing_mode: BillingMode;
  readonly is_trial: boolean;
  readonly is_closed: boolean;
}
export const PROJECTS = table('project_version', ['project_id'], {
  partner_id: 'text',
  name: 'text',
  time_zone: 'text',
  billing_mode: 'text',
  is_trial: 'boolean',
  is_closed: 'boolean',
});

export interface GroupRow {
  /** `null` for the root. */
  readonly parent_id: string | null;
  /** The ids from the root to the group. */
  readonly path: readonly string[];
  readonly type: GroupType;
  readonly name: string;
  readonly external_id: string | null;
  /** When it came; a group that comes back under its old id begins anew. */
  readonly placed_at: Date;
}
export const GROUPS = table('group_version', ['project_id', 'group_id'], {
  parent_id: 'text',
  path: 'text[]',
  type: 'text',
  name: 'text',
  external_id: 'text',
  placed_at: 'timestamptz',
});

export interface MemberRow {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly external_id: string | null;
}
export const MEMBERS = table('member_version', ['project_id', 'group_id', 'member_id'], {
  user_id: 'text',
  email: 'text',
  name: 'text',
  role: 'text',
  external_id: 'text',
});

export interface DeviceRow {
  readonly group_id: string;
  readonly model: string;
  readonly external_id: string | null;
}
export const DEVICES = table('device_version', ['project_id', 'serial_number'], {
  group_id: 'text',
  model: 'text',
  external_id: 'text',
});

export interface BasicLicenseRow {
  readonly group_id: string;
}
export const BASIC_LICENSES = table('basic_license_version', ['project_id', 'serial_number'], { group_id: 'text' });

/** Units; `null`: unlimited. */
const UNITS = { sip_number: 'integer', mobile_app: 'integer', ukey2: 'integer' };
type UnitColumns = Readonly<Record<Resource, Limit>>;

export interface LicenseRow extends UnitColumns {
  readonly type: Exclude<LicenseType, 'basic'>;
  readonly features: readonly Feature[];
  readonly valid_from: Date;
  readonly valid_until: Date | null;
  readonly source: unknown;
  readonly external_id: string | null;
  readonly suspended_reason: string | null;
  readonly revoked_reason: string | null;
  /** Licenses are listed in the order in which they were granted. */
  readonly granted_sequence: string;
}
export const LICENSES = table('license_version', ['project_id', 'license_id'], {
  type: 'text',
  ...UNITS,
  features: 'text[]',
  valid_from: 'timestamptz',
  valid_until: 'timestamptz',
  source: 'jsonb',
  external_id: 'text',
  suspended_reason: 'text',
  revoked_reason: 'text',
  granted_sequence: 'bigint',
});

/** An allotment of a Licenses section; `sequence` is its order of creation in the group. */
export interface SectionAllotment {
  readonly allotmentId: string;
  readonly sequence: number;
}

export interface RestrictionRow {
  readonly is_enabled: boolean;
  readonly pool_mode: PoolMode;
  readonly grace_period_days: number;
  readonly reminder: unknown;
  readonly allotments: readonly SectionAllotment[];
  readonly place: unknown;
}
export const RESTRICTIONS = table('restriction_version', ['project_id', 'group_id'], {
  is_enabled: 'boolean',
  pool_mode: 'text',
  grace_period_days: 'integer',
  reminder: 'jsonb',
  allotments: 'jsonb',
  place: 'jsonb',
});

export interface MemberLimitRow extends UnitColumns {
  readonly features_off: readonly Feature[];
  readonly place: unknown;
}
export const MEMBER_LIMITS = table('member_limit_version', ['project_id', 'group_id', 'user_id'], {
  ...UNITS,
  features_off: 'text[]',
  place: 'jsonb',
});

export interface AssignmentRow {
  readonly group_id: string;
  readonly resource: Resource;
  readonly external_id: string | null;
  readonly is_suspended: boolean;
}
export const ASSIGNMENTS = table('assignment_version', ['project_id', 'assignment_id'], {
  group_id: 'text',
  resource: 'text',
  external_id: 'text',
  is_suspended: 'boolean',
});

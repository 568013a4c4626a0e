import type { ExportRequest, FilterField, FilterFields } from '@allotree/contracts';
import { ALLOTMENT_ROWS } from '../sql/views.js';

/** The type of a column of an export. */
export type ColumnType = 'text' | 'integer' | 'number' | 'boolean' | 'instant' | 'json';

export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** In SQL, of `row`; absent: the column of the same name, or made by the service. */
  readonly as?: string;
}

/** A row, with a value for each column. */
export type ExportRow = Readonly<Record<string, unknown>>;

export interface Dataset {
  readonly columns: readonly ExportColumn[];
  /** The table, or the joined tables; the first is `row`. Absent: measured use. */
  readonly from?: string;
  /** The columns that order the rows. */
  readonly order: readonly string[];
}

const column = (name: string, type: ColumnType = 'text', as?: string): ExportColumn =>
  as === undefined ? { name, type } : { name, type, as };
const [FROM_AT, POSITION] = [column('from_at', 'instant'), column('position', 'integer')];
const UNITS = ['sip_number', 'mobile_app', 'ukey2'];

const MEASURED: Dataset = {
  columns: [
    column('partner_id'),
    column('project_id'),
    column('project_name'),
    column('group_id'),
    column('group_name'),
    column('group_type'),
    column('resource'),
    column('window_from', 'instant'),
    column('window_until', 'instant'),
    column('open', 'integer'),
    column('close', 'integer'),
    column('peak', 'integer'),
    column('peak_at', 'instant'),
    column('low', 'integer'),
    column('unit_ms', 'integer'),
    column('average', 'number'),
  ],
  order: [],
};

/** The datasets that can be exported. Their columns are named as in the SQL views. */
export const DATASETS: Readonly<Record<ExportRequest['dataset'], Dataset>> = {
  partners: {
    from: 'partner_version row',
    order: ['partner_id'],
    columns: [
      column('partner_id'),
      column('parent_partner_id'),
      column('kind'),
      column('name'),
      column('is_postpaid_allowed', 'boolean'),
      column('is_closed', 'boolean'),
      FROM_AT,
      POSITION,
    ],
  },
  projects: {
    from: 'project_version row',
    order: ['project_id'],
    columns: [
      column('project_id'),
      column('partner_id'),
      column('name'),
      column('time_zone'),
      column('billing_mode'),
      column('is_trial', 'boolean'),
      column('is_closed', 'boolean'),
      FROM_AT,
      POSITION,
    ],
  },
  groups: {
    from: 'group_version row',
    order: ['project_id', 'group_id'],
    columns: [
      column('project_id'),
      column('group_id'),
      column('parent_id'),
      column('path', 'json', 'to_jsonb(row.path)'),
      column('level', 'integer', 'cardinality(row.path) - 1'),
      column('type'),
      column('name'),
      column('external_id'),
      column('placed_at', 'instant'),
      FROM_AT,
      POSITION,
    ],
  },
  members: {
    from: 'member_version row',
    order: ['project_id', 'group_id', 'member_id'],
    columns: [
      column('project_id'),
      column('group_id'),
      column('member_id'),
      column('user_id'),
      column('email'),
      column('name'),
      column('role'),
      column('external_id'),
      FROM_AT,
      POSITION,
    ],
  },
  devices: {
    from: 'device_version row',
    order: ['project_id', 'serial_number'],
    columns: [
      column('project_id'),
      column('group_id'),
      column('serial_number'),
      column('model'),
      column('external_id'),
      FROM_AT,
      POSITION,
    ],
  },
  licenses: {
    from: 'license_version row',
    order: ['project_id', 'license_id'],
    columns: [
      column('project_id'),
      column('license_id'),
      column('type'),
      ...UNITS.map((name) => column(name, 'integer')),
      column('features', 'json', 'to_jsonb(row.features)'),
      column('valid_from', 'instant'),
      column('valid_until', 'instant'),
      column('suspended_reason'),
      column('revoked_reason'),
      column('external_id'),
      FROM_AT,
      POSITION,
    ],
  },
  allotments: {
    from: ALLOTMENT_ROWS,
    order: ['project_id', 'group_id', 'allotment_id'],
    columns: [
      column('project_id'),
      column('group_id'),
      column('is_enabled', 'boolean'),
      column('pool_mode'),
      column('allotment_id', 'text', 'one."allotmentId"'),
      column('type', 'text', 'one.type'),
      ...UNITS.map((name) => column(name, 'integer', `(one.units->>'${name}')::integer`)),
      column('features', 'json', 'one.features'),
      column('valid_from', 'instant', 'one."validFrom"'),
      column('valid_until', 'instant', 'one."validUntil"'),
      FROM_AT,
      POSITION,
    ],
  },
  assignments: {
    from: 'assignment_version row',
    order: ['project_id', 'assignment_id'],
    columns: [
      column('project_id'),
      column('group_id'),
      column('assignment_id'),
      column('resource'),
      column('is_suspended', 'boolean'),
      column('external_id'),
      FROM_AT,
      POSITION,
    ],
  },
  usage_of_projects: MEASURED,
  usage_of_groups: MEASURED,
  events: {
    from: 'event row',
    order: ['position'],
    columns: [
      POSITION,
      column('id'),
      column('source'),
      column('type'),
      column('subject'),
      column('sequence'),
      column('at', 'instant'),
      column('recorded_at', 'instant'),
      column('actor'),
      column('causation_id'),
      column('correlation_id'),
      column('data', 'json'),
    ],
  },
};

const FILTERED: Readonly<Record<ColumnType, FilterField['type'] | null>> = {
  text: 'text',
  integer: 'integer',
  boolean: 'boolean',
  instant: 'instant',
  number: null,
  json: null,
};

/** The columns by which the rows can be filtered. */
export const filterFieldsOf = ({ columns }: Dataset): FilterFields =>
  Object.fromEntries(
    columns.flatMap(({ name, type }) => {
      const filtered = FILTERED[type];
      return filtered === null ? [] : [[name, { type: filtered, nullable: true }]];
    }),
  );

/** The SQL of a column. */
export const expressionOf = ({ name, as = `row.${name}` }: ExportColumn): string => as;

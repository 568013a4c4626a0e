/** A view of the schema `analysis`, for people who ask in SQL. */
export interface View {
  readonly name: string;
  readonly comment: string;
  /** The table, or the joined tables; the first has the column `tenant_id`, as `row`. */
  readonly from: string;
  readonly columns: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly comment: string;
  /** In SQL, of `row`; absent: the column of the same name. */
  readonly as?: string;
}

const column = (name: string, comment: string, as?: string): Column =>
  as === undefined ? { name, comment } : { name, comment, as };

/** The allotments of Licenses sections, each as `one`. */
export const ALLOTMENT_ROWS = `restriction_version row CROSS JOIN LATERAL jsonb_to_recordset(row.allotments)
      AS one ("allotmentId" text, type text, units jsonb, features jsonb, "validFrom" timestamptz, "validUntil" timestamptz)`;

const PROJECT = column('project_id', 'The project.');
const GROUP = column('group_id', 'The group.');
const EXTERNAL_ID = column('external_id', 'The id by which another system knows it; NULL: none.');
const POSITION = column('position', 'The event that made it so: events.position.');
const VERSION = [
  column('from_at', 'Since when it is so.'),
  column('until_at', 'Until when, not included; NULL: still so.'),
  POSITION,
];
const UNITS = [
  column('sip_number', 'Units of numbers; NULL: unlimited.'),
  column('mobile_app', 'Units of mobile apps; NULL: unlimited.'),
  column('ukey2', 'Units of keys; NULL: unlimited.'),
];

/** The views of versions: one row for each time for which something was so. */
const VERSIONS: readonly View[] = [
  {
    name: 'partners',
    comment: 'Distributors, dealers and management companies, as they were.',
    from: 'partner_version',
    columns: [
      column('partner_id', 'The partner.'),
      column('parent_partner_id', 'The partner above it; NULL: none.'),
      column('kind', 'distributor, dealer or management_company.'),
      column('name', 'Its name.'),
      column('is_postpaid_allowed', 'Whether its own people can create postpaid projects.'),
      column('is_closed', 'Whether it is closed.'),
      ...VERSION,
    ],
  },
  {
    name: 'projects',
    comment: 'Projects, as they were.',
    from: 'project_version',
    columns: [
      PROJECT,
      column('partner_id', 'The partner whose project it is.'),
      column('name', 'Its name.'),
      column('time_zone', 'The time zone in which its days are counted.'),
      column('billing_mode', 'prepaid or postpaid.'),
      column('is_trial', 'Whether it was created by the registration of a partner.'),
      column('is_closed', 'Whether it is closed.'),
      ...VERSION,
    ],
  },
  {
    name: 'groups',
    comment: 'The groups of projects, as they were. The root of a project has the id of the project.',
    from: 'group_version',
    columns: [
      PROJECT,
      GROUP,
      column('parent_id', 'The group above it; NULL: the root.'),
      column('path', 'The ids from the root to the group.'),
      column('level', 'How many groups are above it.', 'cardinality(row.path) - 1'),
      column('type', 'company, building, unit, floor, apartment or custom.'),
      column('name', 'Its name.'),
      EXTERNAL_ID,
      column('placed_at', 'When it came into the tree.'),
      ...VERSION,
    ],
  },
  {
    name: 'members',
    comment: 'Members of groups, as they were.',
    from: 'member_version',
    columns: [
      PROJECT,
      GROUP,
      column('member_id', 'The membership.'),
      column('user_id', 'The person.'),
      column('email', 'The address of the person.'),
      column('name', 'The name of the person.'),
      column('role', 'The role in the group.'),
      EXTERNAL_ID,
      ...VERSION,
    ],
  },
  {
    name: 'devices',
    comment: 'Devices in groups, as they were.',
    from: 'device_version',
    columns: [
      PROJECT,
      GROUP,
      column('serial_number', 'The serial number of the device.'),
      column('model', 'The model.'),
      EXTERNAL_ID,
      ...VERSION,
    ],
  },
  {
    name: 'basic_licenses',
    comment: 'The Basic licenses that come with devices: two numbers and two apps each.',
    from: 'basic_license_version',
    columns: [PROJECT, GROUP, column('serial_number', 'The serial number of the device.'), ...VERSION],
  },
  {
    name: 'licenses',
    comment:
      'Licenses granted to projects, as they were. Whether one is in force follows from its term, suspension and revocation.',
    from: 'license_version',
    columns: [
      PROJECT,
      column('license_id', 'The license.'),
      column('type', 'trial or plus.'),
      ...UNITS,
      column('features', 'The features.'),
      column('valid_from', 'The beginning of its term.'),
      column('valid_until', 'The end of its term, not included; NULL: none.'),
      column('suspended_reason', 'Why it is suspended; NULL: it is not.'),
      column('revoked_reason', 'Why it was revoked; NULL: it was not.'),
      column('source', 'Where it came from, as JSON.'),
      EXTERNAL_ID,
      ...VERSION,
    ],
  },
  {
    name: 'restrictions',
    comment: 'The Licenses sections of groups, as they were.',
    from: 'restriction_version',
    columns: [
      PROJECT,
      GROUP,
      column('is_enabled', 'Whether the group has limits of its own.'),
      column('pool_mode', 'shared, or reserved: what is allotted below is set aside.'),
      column('grace_period_days', 'Days for which existing use goes on after an end.'),
      column('reminder', 'When and whom to remind before an end, as JSON; NULL: nobody.'),
      ...VERSION,
    ],
  },
  {
    name: 'allotments',
    comment: 'The allotments of the Licenses sections, as they were.',
    from: ALLOTMENT_ROWS,
    columns: [
      PROJECT,
      GROUP,
      column('allotment_id', 'The allotment.', 'one."allotmentId"'),
      column('type', 'trial, basic or plus.', 'one.type'),
      ...UNITS.map(({ name, comment }) => column(name, comment, `(one.units->>'${name}')::integer`)),
      column('features', 'The features, as JSON.', 'one.features'),
      column('valid_from', 'The beginning of its term.', 'one."validFrom"'),
      column('valid_until', 'The end of its term, not included; NULL: none.', 'one."validUntil"'),
      ...VERSION,
    ],
  },
  {
    name: 'member_limits',
    comment: 'The limits of persons in groups, as they were.',
    from: 'member_limit_version',
    columns: [
      PROJECT,
      GROUP,
      column('user_id', 'The person.'),
      ...UNITS,
      column('features_off', 'The features that the person does not have.'),
      ...VERSION,
    ],
  },
  {
    name: 'assignments',
    comment: 'Units in use, each as it was: in force, or suspended.',
    from: 'assignment_version',
    columns: [
      PROJECT,
      GROUP,
      column('assignment_id', 'The assignment.'),
      column('resource', 'sip_number, mobile_app or ukey2.'),
      column('is_suspended', 'Whether it is suspended.'),
      EXTERNAL_ID,
      ...VERSION,
    ],
  },
];

const USE = [PROJECT, GROUP, column('resource', 'sip_number, mobile_app or ukey2.')];

export const VIEWS: readonly View[] = [
  ...VERSIONS,
  {
    name: 'usage_steps',
    comment:
      'The use of a group and everything below it, from an instant until the next row of the same group and resource.',
    from: 'usage_step',
    columns: [
      ...USE,
      column('at', 'From when on.'),
      column('in_force', 'Units in force.'),
      column('suspended', 'Units that are suspended.'),
      column('position', 'The last event of that instant: events.position.'),
    ],
  },
  {
    name: 'usage_days',
    comment:
      'The use of a group and everything below it on calendar days of the project, only on days on which it changed.',
    from: 'usage_day',
    columns: [
      ...USE,
      column('day', 'The day, in the time zone of the project.'),
      column('open', 'Units in force when the day began.'),
      column('close', 'Units in force just before its end.'),
      column('peak', 'The most units in force at any instant of the day.'),
      column('peak_at', 'The first instant with that many.'),
      column('low', 'The fewest units in force at any instant of the day.'),
      column('unit_ms', 'The integral over the day, in unit-milliseconds.'),
    ],
  },
  {
    name: 'events',
    comment: 'Every integration event since the first one, in the order in which they were stored.',
    from: 'event',
    columns: [
      column('position', 'Its place in the order.'),
      column('id', 'Its id, unique for its source.'),
      column('source', 'The service that published it.'),
      column('type', 'Its type, as in the reference of integration events.'),
      column('subject', 'The project, partner, tenant or user it is about.'),
      column('sequence', 'Orders the events of a source and subject.'),
      column('at', 'From when it is in force.'),
      column('recorded_at', 'When it was stored here.'),
      column('actor', 'Who did it.'),
      column('causation_id', 'The event or command behind it; NULL: unknown.'),
      column('correlation_id', 'Ties together what one request caused.'),
      column('data', 'The data of the event, as JSON.'),
    ],
  },
  {
    name: 'events_of_groups',
    comment: 'Which events are about which group itself; those about a whole project are of its root.',
    from: 'event_of_group',
    columns: [PROJECT, GROUP, column('position', 'The event: events.position.')],
  },
  {
    name: 'freshness',
    comment:
      'The last event of each source and subject that these views know. Nothing before its instant changes any more.',
    from: 'subject_progress',
    columns: [
      column('source', 'The service that published it.'),
      column('subject', 'The project or other subject.'),
      column('at', 'The instant of the last event.'),
      column('position', 'The last event: events.position.'),
    ],
  },
];

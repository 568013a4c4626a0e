import type { Permission, SearchField, SearchKind } from '@allotree/contracts';

/** A column by which things are found, under its name in answers. */
export interface SearchedColumn {
  readonly field: SearchField;
  readonly column: string;
  /** An address is found without regard to case as a whole, before anything that begins with it. */
  readonly isAddress?: boolean;
}

/** How things of one kind are found, and who may find them. */
export interface SearchedKind {
  readonly table: string;
  /** Needed where the thing is, as for the list of these things. */
  readonly permission: Permission;
  /** Where the permission is asked for: at its partner, anywhere in its project, at its project, or at its group. */
  readonly place: 'partner' | 'within' | 'project' | 'group';
  /** Expressions of `row`. */
  readonly id: string;
  readonly projectId: string;
  readonly groupId: string;
  readonly text: string;
  readonly condition?: string;
  /** Found by the whole value as it is. */
  readonly values: readonly SearchedColumn[];
  /** Found by the beginning, and by similar texts. */
  readonly texts: readonly SearchedColumn[];
}

const id = (column: string): SearchedColumn => ({ field: 'id', column });
const EXTERNAL_ID: SearchedColumn = { field: 'externalId', column: 'external_id' };
const NAME: SearchedColumn = { field: 'name', column: 'name' };
const OF_GROUP = { place: 'group', projectId: 'row.project_id', groupId: 'row.group_id' } as const;

/** In the order in which equally good hits are answered. */
export const SEARCHED: Readonly<Record<SearchKind, SearchedKind>> = {
  partner: {
    table: 'partner_version',
    permission: 'partners:read',
    place: 'partner',
    id: 'row.partner_id',
    projectId: 'NULL',
    groupId: 'NULL',
    text: 'row.name',
    values: [id('partner_id')],
    texts: [NAME],
  },
  project: {
    table: 'project_version',
    permission: 'projects:read',
    place: 'within',
    id: 'row.project_id',
    projectId: 'row.project_id',
    groupId: 'NULL',
    text: 'row.name',
    values: [id('project_id')],
    texts: [NAME],
  },
  group: {
    ...OF_GROUP,
    table: 'group_version',
    permission: 'groups:read',
    id: 'row.group_id',
    text: 'row.name',
    // The root has the id and name of its project, which is found as such.
    condition: 'row.parent_id IS NOT NULL',
    values: [id('group_id'), EXTERNAL_ID],
    texts: [NAME],
  },
  person: {
    ...OF_GROUP,
    table: 'member_version',
    permission: 'members:read',
    id: 'row.member_id',
    text: 'row.name',
    values: [id('member_id'), { field: 'userId', column: 'user_id' }, EXTERNAL_ID],
    texts: [{ field: 'email', column: 'email', isAddress: true }, NAME],
  },
  device: {
    ...OF_GROUP,
    table: 'device_version',
    permission: 'devices:read',
    id: 'row.serial_number',
    text: 'row.serial_number',
    values: [EXTERNAL_ID],
    texts: [{ field: 'serialNumber', column: 'serial_number', isAddress: true }],
  },
  license: {
    table: 'license_version',
    permission: 'licenses:read',
    place: 'project',
    id: 'row.license_id',
    projectId: 'row.project_id',
    groupId: 'NULL',
    text: 'row.type',
    values: [id('license_id'), EXTERNAL_ID],
    texts: [],
  },
  assignment: {
    ...OF_GROUP,
    table: 'assignment_version',
    permission: 'assignments:read',
    id: 'row.assignment_id',
    text: 'row.resource',
    values: [id('assignment_id'), EXTERNAL_ID],
    texts: [],
  },
};

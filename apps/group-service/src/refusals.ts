import type { JoinRequestRefusal, PartnerRefusal, RoleRefusal, TreeRefusal, UserRefusal } from '@allotree/domain';

type Refusal = TreeRefusal | PartnerRefusal | JoinRequestRefusal | RoleRefusal | UserRefusal;
type RefusalOf<Code extends Refusal['code']> = Extract<Refusal, { code: Code }>;

const takenNames = (refusal: RefusalOf<'NAME_TAKEN'>): string => {
  const { names, count } = refusal;
  if ('roleId' in refusal) return `There is a role named ${names[0]} already: choose another name`;
  const listed = names.slice(0, 3).join(', ');
  const more = count > 3 ? ` and ${count - 3} more` : '';
  return count === 1
    ? `There is a group named ${listed} here already: choose another name`
    : `Groups named ${listed}${more} are here already: choose other names or another first number`;
};

/** One sentence for whoever was refused: what stands in the way, and what would get past it. */
const DETAILS: { readonly [Code in Refusal['code']]: (refusal: RefusalOf<Code>) => string } = {
  NAME_TAKEN: takenNames,
  CYCLE: ({ groupId, parentId }) =>
    `The group ${groupId} would lie below itself: ${parentId} is that group or below it. Choose a parent outside of it`,
  DEVICE_ELSEWHERE: ({ serialNumber, groupId }) =>
    groupId === null
      ? `The device ${serialNumber} is in use elsewhere: it has to be removed there first`
      : `The device ${serialNumber} is in the group ${groupId} of this project: remove it there first`,
  CLAIM_CODE_INVALID: ({ serialNumber }) =>
    `The serial number ${serialNumber} or its claim code is invalid: send both as printed on the device`,
  LAST_ADMINISTRATOR: (refusal) =>
    `Nobody else administers the ${'projectId' in refusal ? 'project' : 'partner'}: give somebody else the role first`,
  ROLE_IN_USE: ({ count }) => `${count} have the role: give them another one first`,
  POSTPAID_NOT_ALLOWED: () =>
    'The partner has no permission to create postpaid projects: leave billingMode out for a prepaid one, or ask the server administrator',
  PARTNER_CLOSED: ({ partnerId, reason }) =>
    `The partner ${partnerId} was closed (${reason}): it can be read, and nothing about it changes`,
  PARTNER_NOT_EMPTY: ({ count, projectIds, partnerIds }) =>
    `${count} of its projects (${projectIds.length === 0 ? 'none' : projectIds.slice(0, 3).join(', ')}) and of the partners below it (${partnerIds.length === 0 ? 'none' : partnerIds.slice(0, 3).join(', ')}) are open: close those first`,
  PARTNER_NOT_INDEPENDENT: ({ parentPartnerId }) =>
    `The partner belongs to the distributor ${parentPartnerId}: only an independent partner can become a distributor`,
  JOIN_REQUEST_DECIDED: ({ status }) => `The request was ${status} before: ask the partner to register again`,
  MEMBERS_HOLD_MORE: ({ role, missing, count }) =>
    `${count} members of the group or below it have a role such as ${role}, which permits ${missing.join(', ') || 'more'}: somebody who holds that has to do it`,
  PROJECT_CLOSED: ({ reason }) => `The project was closed (${reason}): it can be read, and nothing about it changes`,
  NOT_TRANSFERABLE: ({ reason }) => reason,
  NOT_FOUND: ({ what, id }) => `There is no ${what} ${id} here`,
  VALIDATION: ({ field, message }) => `${field}: ${message}`,
};

/** The `detail` of the problem a refusal is answered with. */
export const detailOf = (refusal: Refusal): string => (DETAILS[refusal.code] as (refusal: Refusal) => string)(refusal);

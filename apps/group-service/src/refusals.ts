import type { JoinRequestRefusal, PartnerRefusal, RoleRefusal, TreeRefusal, UserRefusal } from '@allotree/domain';

type Refusal = TreeRefusal | PartnerRefusal | JoinRequestRefusal | RoleRefusal | UserRefusal;
type RefusalOf<Code extends Refusal['code']> = Extract<Refusal, { code: Code }>;

const takenNames = (refusal: RefusalOf<'NAME_TAKEN'>): string => {
  const { names, count } = refusal;
  if ('roleId' in refusal) return `A role named ${names[0]} already exists. Choose another name.`;
  const listed = names.slice(0, 3).join(', ');
  const more = count > 3 ? ` and ${count - 3} more` : '';
  return count === 1
    ? `A group named ${listed} already exists here. Choose another name.`
    : `Groups named ${listed}${more} already exist here. Choose other names or another first number.`;
};

const firstOf = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : ids.slice(0, 3).join(', '));

/** The `detail` of each refusal: the reason, and one thing to do that works. */
const DETAILS: { readonly [Code in Refusal['code']]: (refusal: RefusalOf<Code>) => string } = {
  NAME_TAKEN: takenNames,
  EXTERNAL_ID_TAKEN: ({ kind, externalId, holderId }) =>
    holderId === null
      ? `The external id ${externalId} belongs to another ${kind} of the project. Choose another one.`
      : `The external id ${externalId} belongs to the ${kind} ${holderId}. Choose another one, or remove it there first.`,
  BATCH_REFUSED: ({ items }) =>
    `${items.length === 1 ? '1 change was' : `${items.length} changes were`} refused, so nothing was recorded. Correct what "items" names and send the batch again.`,
  CYCLE: ({ groupId, parentId }) =>
    `The group ${groupId} cannot move to ${parentId}, which is the group itself or below it. Choose a parent outside the group.`,
  DEVICE_ELSEWHERE: ({ serialNumber, groupId }) =>
    groupId === null
      ? `The device ${serialNumber} is in use in another project. It has to be removed there first.`
      : `The device ${serialNumber} is already in the group ${groupId} of this project. Remove it there first.`,
  CLAIM_CODE_INVALID: ({ serialNumber }) =>
    `The serial number ${serialNumber} or its claim code is invalid. Send both as printed on the device.`,
  LAST_ADMINISTRATOR: (refusal) =>
    `This is the last administrator of the ${'projectId' in refusal ? 'project' : 'partner'}. Give another person the role first.`,
  ROLE_IN_USE: ({ count }) => `${count} memberships have the role. Give them another role first.`,
  POSTPAID_NOT_ALLOWED: () =>
    'The partner has no permission to create postpaid projects. Omit billingMode to create a prepaid project, or ask the server administrator.',
  PARTNER_CLOSED: ({ partnerId, reason }) => `The partner ${partnerId} was closed (${reason}) and cannot be changed`,
  PARTNER_NOT_EMPTY: ({ count, projectIds, partnerIds }) =>
    `${count} projects (${firstOf(projectIds)}) and partners (${firstOf(partnerIds)}) below the partner are open. Close them first.`,
  PARTNER_NOT_INDEPENDENT: ({ parentPartnerId }) =>
    `The partner belongs to the distributor ${parentPartnerId}. Only an independent partner can become a distributor.`,
  JOIN_REQUEST_DECIDED: ({ status }) => `The request was already ${status}. Ask the partner to register again.`,
  MEMBERS_HOLD_MORE: ({ role, missing, count }) =>
    `${count} members of the group or below it have roles such as ${role} with permissions that you lack (${missing.join(', ') || 'unknown'}). Ask someone who holds them.`,
  PROJECT_CLOSED: ({ reason }) => `The project was closed (${reason}) and cannot be changed`,
  NOT_TRANSFERABLE: ({ reason }) => reason,
  NOT_FOUND: ({ what, id }) => `There is no ${what} ${id} here`,
  VALIDATION: ({ field, message }) => `${field}: ${message}`,
};

/** The `detail` of the problem of a refusal. */
export const detailOf = (refusal: Refusal): string => (DETAILS[refusal.code] as (refusal: Refusal) => string)(refusal);

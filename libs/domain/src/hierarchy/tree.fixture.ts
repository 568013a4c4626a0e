import type { TreeEvent } from './index.js';

export const projectId = 'hafenblick';

export const projectFacts = {
  projectId,
  tenantId: 'nordlicht',
  partnerId: 'dealer',
  timeZone: 'Europe/Berlin',
  billingMode: 'prepaid',
  trial: false,
  name: 'Hafenblick',
} as const;

export const created: TreeEvent = { type: 'ProjectCreated', data: projectFacts };

/** A building that was created. */
export const placed = (groupId: string, parentId: string, name: string, externalId?: string): TreeEvent => ({
  type: 'GroupCreated',
  data: { groupId, parentId, type: 'building', name, ...(externalId !== undefined && { externalId }) },
});

/** An assignment in the examples of the OpenAPI document. */
export const ASSIGNMENT_EXAMPLE = {
  assignmentId: '5e0f6a8c-8a5d-8c0b-b3a4-9c1d2e3f4a5b',
  groupId: 'group-1',
  resource: 'sip_number',
  label: '100-1',
  holder: 'member-1',
  sipAssignmentId: null,
  externalId: 'ERP-4711',
  status: 'in_force',
  assignedAt: '2026-06-01T08:00:00.000Z',
} as const;

/** What is said of a problem besides its facts. */
export interface ProblemKind {
  /** HTTP status. */
  readonly status: number;
  /** Short, the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
}

/** Every `code` a problem answer can carry. `type` is `urn:allotree:problem:<code in kebab-case>`. */
export const PROBLEMS = {
  VALIDATION: { status: 400, title: 'Invalid request' },
  CODE_NOT_VALID: { status: 400, title: 'The link or code is invalid or has expired' },
  URL_NOT_ALLOWED: { status: 400, title: 'Webhooks cannot be sent to this URL' },
  UNAUTHENTICATED: { status: 401, title: 'Authentication required' },
  FORBIDDEN: { status: 403, title: 'Permission denied' },
  MEMBERS_HOLD_MORE: { status: 403, title: 'Members of the group have permissions that you lack' },
  TEMPLATE_NOT_CUSTOMIZABLE: { status: 403, title: "Account mails always use the vendor's template" },
  TRIAL_TERM_FIXED: { status: 403, title: 'Only a server administrator can set the term of a trial' },
  ISSUED_FROM_ABOVE: { status: 403, title: 'The license was issued by a higher level' },
  SUSPENDED_FROM_ABOVE: { status: 403, title: 'The license was suspended by a higher level' },
  SET_FROM_ABOVE: { status: 403, title: 'The limits were set by a higher level' },
  POSTPAID_NOT_ALLOWED: { status: 403, title: 'Postpaid projects are not allowed' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  PROJECT_CLOSED: { status: 409, title: 'The project is closed' },
  BATCH_REFUSED: { status: 409, title: 'Some items of the batch were refused' },
  LIMIT_EXCEEDED: { status: 409, title: 'Limit exceeded' },
  SIP_BELOW_MOBILE: { status: 409, title: 'Fewer virtual numbers than mobile apps' },
  PERIOD_OUTSIDE_PARENT: { status: 409, title: 'The term is outside the term above it' },
  FEATURE_NOT_AVAILABLE: { status: 409, title: 'The feature is not available at the level above' },
  DESCENDANTS_AFFECTED: { status: 409, title: 'Groups below would be affected' },
  NO_SIP_NUMBER: { status: 409, title: 'No free virtual number for the mobile app' },
  SIP_NUMBER_IN_USE: { status: 409, title: 'The virtual number is paired with a mobile app' },
  LICENSE_EXPIRED: { status: 409, title: 'The license has expired' },
  PERIOD_NOT_OVER: { status: 409, title: 'The billing period is not over' },
  CLOCKS_DIFFER: { status: 409, title: 'The clocks of the server and the database differ' },
  CLOCK_BEHIND: { status: 409, title: 'The server clock is behind the last recorded decision' },
  LICENSE_REVOKED: { status: 409, title: 'The license has been revoked' },
  STOCK_EXHAUSTED: { status: 409, title: 'Stock exhausted' },
  NOT_TRANSFERABLE: { status: 409, title: 'Licenses cannot be transferred to another project' },
  TRIAL_ALREADY_USED: { status: 409, title: 'The project has already used its trial' },
  DEVICE_ELSEWHERE: { status: 409, title: 'The device is registered elsewhere' },
  CLAIM_CODE_INVALID: { status: 409, title: 'The serial number or its claim code is invalid' },
  DELIVERY_NOT_FAILED: { status: 409, title: 'Only a failed mail can be sent again' },
  NO_RECIPIENT: { status: 409, title: 'No recipient' },
  NAME_TAKEN: { status: 409, title: 'The name is already in use' },
  EXTERNAL_ID_TAKEN: { status: 409, title: 'The external id is already in use' },
  LAST_ADMINISTRATOR: { status: 409, title: 'The last administrator cannot be removed' },
  ROLE_IN_USE: { status: 409, title: 'The role is still assigned' },
  PARTNER_CLOSED: { status: 409, title: 'The partner is closed' },
  PARTNER_NOT_EMPTY: { status: 409, title: 'The partner has open projects or partners' },
  PARTNER_NOT_INDEPENDENT: { status: 409, title: 'The partner already belongs to a distributor' },
  JOIN_REQUEST_DECIDED: { status: 409, title: 'The join request has already been decided' },
  PERIOD_OPEN: { status: 409, title: 'The statement of the period has not been issued yet' },
  ALREADY_CREDITED: { status: 409, title: 'Lines have already been credited' },
  PLAN_REFUSED: { status: 409, title: 'The plan contains changes that the rules forbid' },
  PLAN_HALTED: { status: 409, title: 'The plan was applied in part' },
  STALE_PLAN: { status: 409, title: 'The project has changed since it was planned' },
  CYCLE: { status: 409, title: 'A group cannot be moved below itself' },
  TOO_MANY_WEBHOOK_ENDPOINTS: { status: 409, title: 'Too many webhook endpoints' },
  CHECK_IN_PROGRESS: { status: 409, title: 'A projection is already being rebuilt or verified' },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, title: 'A request with this idempotency key is still in progress' },
  STALE_REVISION: { status: 412, title: 'The resource has changed since it was read' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'Request too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Unsupported content type' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key was used for a different request' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  INTERNAL: { status: 500, title: 'Internal server error' },
  OVERLOADED: { status: 503, title: 'Server overloaded or shutting down' },
  CAPACITY_EXCEEDED: { status: 503, title: 'The project is too large for the memory of this installation' },
  STORAGE_FULL: { status: 503, title: 'Storage full' },
  UNAVAILABLE: { status: 503, title: 'Service unavailable' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export const problemType = (code: ProblemCode): string =>
  `urn:allotree:problem:${code.toLowerCase().replaceAll('_', '-')}`;

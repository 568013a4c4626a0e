/** What is said of a problem besides its facts. */
export interface ProblemKind {
  /** HTTP status. */
  readonly status: number;
  /** Short, the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
}

/** Every `code` a problem answer can carry. `type` is `urn:allotree:problem:<code in kebab-case>`. */
export const PROBLEMS = {
  VALIDATION: { status: 400, title: 'The request is not valid' },
  CODE_NOT_VALID: { status: 400, title: 'The link or code is not good, or no longer' },
  UNAUTHENTICATED: { status: 401, title: 'Sign in first' },
  FORBIDDEN: { status: 403, title: 'Not allowed' },
  MEMBERS_HOLD_MORE: { status: 403, title: 'Members of the group hold permissions you do not hold' },
  TEMPLATE_NOT_CUSTOMIZABLE: { status: 403, title: "Mails about accounts always use the vendor's template" },
  TRIAL_TERM_FIXED: { status: 403, title: 'Only a server administrator can set the term of a trial' },
  ISSUED_FROM_ABOVE: { status: 403, title: 'The license was issued from above' },
  SUSPENDED_FROM_ABOVE: { status: 403, title: 'The license was suspended from above' },
  SET_FROM_ABOVE: { status: 403, title: 'The limits were set from above' },
  POSTPAID_NOT_ALLOWED: { status: 403, title: 'Postpaid projects are not allowed' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  PROJECT_CLOSED: { status: 409, title: 'The project is closed' },
  LIMIT_EXCEEDED: { status: 409, title: 'The limit does not hold that much' },
  SIP_BELOW_MOBILE: { status: 409, title: 'There must be at least as many virtual numbers as mobile apps' },
  PERIOD_OUTSIDE_PARENT: { status: 409, title: 'The term is longer than the one above it' },
  FEATURE_NOT_AVAILABLE: { status: 409, title: 'The feature is not available above' },
  DESCENDANTS_AFFECTED: { status: 409, title: 'Groups below depend on what would be taken' },
  NO_SIP_NUMBER: { status: 409, title: 'A mobile app needs a free virtual number at its group' },
  SIP_NUMBER_IN_USE: { status: 409, title: 'A mobile app is paired with this virtual number' },
  LICENSE_EXPIRED: { status: 409, title: 'The license has expired' },
  CLOCKS_DIFFER: { status: 409, title: 'The clocks of the machine and the database differ' },
  CLOCK_BEHIND: { status: 409, title: 'The clock is behind the last decision' },
  LICENSE_REVOKED: { status: 409, title: 'The license was revoked' },
  STOCK_EXHAUSTED: { status: 409, title: 'The stock does not hold that much' },
  NOT_TRANSFERABLE: { status: 409, title: 'Licenses do not move to another project' },
  TRIAL_ALREADY_USED: { status: 409, title: 'The project has had its trial' },
  DEVICE_ELSEWHERE: { status: 409, title: 'The device is in use elsewhere' },
  DELIVERY_NOT_FAILED: { status: 409, title: 'Only a mail that failed can be sent again' },
  NO_RECIPIENT: { status: 409, title: 'There is nobody to send it to' },
  NAME_TAKEN: { status: 409, title: 'The name is taken' },
  LAST_ADMINISTRATOR: { status: 409, title: 'Somebody must be left who administers it' },
  ROLE_IN_USE: { status: 409, title: 'Somebody has the role' },
  PARTNER_NOT_INDEPENDENT: { status: 409, title: 'The partner belongs to a distributor' },
  JOIN_REQUEST_DECIDED: { status: 409, title: 'The join request was decided before' },
  CYCLE: { status: 409, title: 'A group cannot lie below itself' },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, title: 'The first request with this idempotency key is still running' },
  STALE_REVISION: { status: 412, title: 'Changed since it was read' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The request is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not understood' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key was used for another request' },
  RATE_LIMITED: { status: 429, title: 'Too many attempts' },
  INTERNAL: { status: 500, title: 'Something went wrong here' },
  OVERLOADED: { status: 503, title: 'Too busy or stopping; try again shortly' },
  CAPACITY_EXCEEDED: { status: 503, title: 'Too large for the memory of this installation' },
  STORAGE_FULL: { status: 503, title: 'Storage is full' },
  UNAVAILABLE: { status: 503, title: 'The service does not answer; try again shortly' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export const problemType = (code: ProblemCode): string =>
  `urn:allotree:problem:${code.toLowerCase().replaceAll('_', '-')}`;

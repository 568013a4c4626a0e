/** Whether a project or partner is open, in the form of responses. */
export const closingStatusOf = (
  closedReason: string | null,
): { readonly status: 'open' | 'closed'; readonly closedReason: string | null } => ({
  status: closedReason === null ? 'open' : 'closed',
  closedReason,
});

/** The same in SQL. */
export const CLOSING_STATUS = "CASE WHEN row.closedReason IS NULL THEN 'open' ELSE 'closed' END";

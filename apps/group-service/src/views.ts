/** Name of the projection with projects, groups, members and devices. */
export const TREE_VIEW = 'tree_view';
/** Name of the projection with partners. */
export const PARTNER_VIEW = 'partner_view';
/** Name of the projection with memberships and what they permit. */
export const MEMBERSHIP_VIEW = 'membership_view';

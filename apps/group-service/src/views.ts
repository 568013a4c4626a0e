/** Name of the projection with projects, groups, members and devices. */
export const TREE_VIEW = 'tree_view';

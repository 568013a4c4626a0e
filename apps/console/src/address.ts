import { TREE_STATES } from './groups/tree-query.js';
import { RESOURCES, type Resource } from './parts/limit-text.js';
import { date, eventIds, instant, text } from './search-values.js';
import { WINDOWS, type Window } from './usage/usage-query.js';

/** The parameters in the address of a page; unknown ones are ignored. */
type Search = Readonly<Record<string, unknown>>;

export const GROUP_TABS = ['licenses', 'use', 'members', 'devices', 'history'] as const;
export type GroupTab = (typeof GROUP_TABS)[number];

/** Of the page of a group. */
export interface GroupSearch {
  readonly tab?: GroupTab;
  readonly at?: string;
  readonly compare?: string;
  readonly events?: string;
  /** Of the groups shown instead of the tree. */
  readonly state?: string;
}

/** Of a page of usage; days are those of the project. */
export interface UsageSearch {
  readonly resource?: Resource;
  readonly window?: Window;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** States of groups, separated by commas, in the order of the page. */
const treeStates = (value: unknown): string | undefined => {
  const named = text(value)?.split(',') ?? [];
  return text(TREE_STATES.filter((state) => named.includes(state)).join());
};

export function groupSearch(search: Search): GroupSearch {
  const tab = GROUP_TABS.find((name) => name === search['tab']);
  const [at, compare] = [instant(search['at']), instant(search['compare'])];
  const [events, state] = [eventIds(search['events']), treeStates(search['state'])];
  return {
    ...(tab && { tab }),
    ...(at !== undefined && { at }),
    ...(compare !== undefined && { compare }),
    ...(events !== undefined && { events }),
    ...(state !== undefined && { state }),
  };
}

export function usageSearch(search: Search): UsageSearch {
  const resource = RESOURCES.find((name) => name === search['resource']);
  const window = WINDOWS.find((name) => name === search['window']);
  const [from, to] = [date(search['from']), date(search['to'])];
  return {
    ...(resource && { resource }),
    ...(window && { window }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

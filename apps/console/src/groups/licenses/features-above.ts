import { useQuery } from '@tanstack/react-query';
import { topOf, useMe } from '../../api/access.js';
import { groupQuery } from '../group-query.js';
import { quotaQuery } from '../quota-query.js';
import type { Feature } from './restriction-form.js';

/** The features that groups above leave on, and who switched off the others. */
export interface FeaturesAbove {
  /** Switched off, with the name of the group; `null`: by the project's licenses. */
  readonly off: ReadonlyMap<Feature, string | null>;
}

/** A group can have the features of the group above; the main group those of the project's licenses. */
export function useFeaturesAbove(projectId: string, groupId: string): FeaturesAbove {
  const { data: group } = useQuery(groupQuery(projectId, groupId));
  const above = group?.parentId ?? projectId;
  // Somebody who looks after this group alone may not ask about the one above.
  const isTop = topOf(useMe(), projectId) === groupId && groupId !== projectId;
  const { data: quota } = useQuery({
    ...quotaQuery(projectId, above),
    enabled: group !== undefined && !isTop,
    retry: false,
  });
  const off = (quota?.features.off ?? []).filter(({ limitedBy }) => above !== groupId || limitedBy.groupId === null);
  return {
    off: new Map(off.map(({ feature, limitedBy }) => [feature, limitedBy.groupId === null ? null : limitedBy.name])),
  };
}

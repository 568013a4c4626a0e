import { useDocumentVisibility } from '@mantine/hooks';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { isSmall, useMe } from '../api/access.js';
import { ProjectChanges } from '../api/changes.js';

/** The shortest time between two rounds of asking again. */
const BETWEEN_MS = 2_000;
/** The preview of a form that creates groups costs as much as creating them. */
const COSTLY: ReadonlySet<unknown> = new Set(['generate']);

/** Has everything that is shown of a project asked for again: at once, but never again before the answers are there. */
function refreshing(queries: QueryClient, projectId: string): () => void {
  let isAsking = false;
  let isAskedAgain = false;
  const isOfProject = (key: readonly unknown[]): boolean =>
    key[0] === 'projects' || (!COSTLY.has(key[0]) && JSON.stringify(key).includes(projectId));
  const ask = async (): Promise<void> => {
    isAsking = true;
    do {
      isAskedAgain = false;
      await queries.invalidateQueries({ predicate: ({ queryKey }) => isOfProject(queryKey) });
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    } while (isAskedAgain);
    isAsking = false;
  };
  return () => {
    if (isAsking) isAskedAgain = true;
    else void ask();
  };
}

/** The project on the screen; that of a concierge or a resident is the one they are a member of. */
function useShownProject(): string | undefined {
  const { projectId } = useParams({ strict: false });
  const self = useMe();
  const [first] = isSmall(self) ? self.memberships : [];
  return projectId ?? first?.projectId ?? undefined;
}

/**
 * Follows the changes of the project on the screen while somebody can see it. A hidden page has no connection, because a browser allows few
 * to one address.
 *
 * @param isFollowing not without a network
 * @returns whether changes arrive, as far as it is known
 */
export function useLiveUpdates(isFollowing: boolean): boolean {
  const queries = useQueryClient();
  const projectId = useShownProject();
  const isVisible = useDocumentVisibility() === 'visible';
  const [isLive, setIsLive] = useState(true);
  const changes = useMemo(
    () =>
      projectId === undefined
        ? null
        : new ProjectChanges(projectId, { onChange: refreshing(queries, projectId), onState: setIsLive }),
    [queries, projectId],
  );
  useEffect(() => {
    if (changes === null || !isFollowing || !isVisible) return undefined;
    const ending = new AbortController();
    void changes.follow(ending.signal);
    return () => {
      ending.abort();
      setIsLive(true);
    };
  }, [changes, isFollowing, isVisible]);
  return isLive;
}

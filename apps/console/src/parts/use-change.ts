import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';

/** One request that changes something, with a key that makes a repetition harmless. */
export interface Change<Input> {
  /** @param key for `Idempotency-Key` */
  readonly send: (input: Input, key: string) => Promise<unknown>;
  /** Said when it is done. */
  readonly done?: (input: Input) => string;
  readonly onDone?: () => void;
}

/** Sends a change; afterwards everything on the page is asked for again, since much may follow from it. */
export function useChange<Input>({ send, done, onDone }: Change<Input>): UseMutationResult<unknown, unknown, Input> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => send(input, crypto.randomUUID()),
    onSuccess: async (_answer, input) => {
      if (done) notifications.show({ message: done(input), color: 'teal' });
      onDone?.();
      await queries.invalidateQueries();
    },
  });
}

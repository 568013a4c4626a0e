import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { problemWords } from './problem-words.js';

/** One request that changes something, with a key that makes a repetition harmless. */
export interface Change<Input> {
  /** @param key for `Idempotency-Key` */
  readonly send: (input: Input, key: string) => Promise<unknown>;
  /** Said when it is done. */
  readonly done?: (input: Input) => string;
  readonly onDone?: () => void;
  /** Says a refusal as well; for a button outside a form, which shows it itself. */
  readonly saysRefusal?: boolean;
}

/** Sends a change; afterwards everything on the page is asked for again, since much may follow from it. */
export function useChange<Input>(change: Change<Input>): UseMutationResult<unknown, unknown, Input> {
  const { send, done, onDone, saysRefusal = false } = change;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const say = (message: string, color: string): void => {
    notifications.show({ message, color, closeButtonProps: { 'aria-label': t('common.close') } });
  };
  return useMutation({
    mutationFn: (input: Input) => send(input, crypto.randomUUID()),
    onSuccess: async (_answer, input) => {
      if (done) say(done(input), 'teal');
      onDone?.();
      await queries.invalidateQueries();
    },
    onError: (error) => {
      if (saysRefusal) say(problemWords(error, t).join(' '), 'red');
    },
  });
}

import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemText } from './problem-text.js';

interface FormModalProps<Input> {
  readonly title: string;
  readonly onClose: () => void;
  /** Sent with the input by the button. */
  readonly change: UseMutationResult<unknown, unknown, Input>;
  readonly input: Input;
  readonly submit: string;
  /** Of what the form was filled with, if that failed. */
  readonly loadError?: unknown;
  /** For what cannot be undone. */
  readonly isDangerous?: boolean;
  readonly children?: ReactNode;
}

/** A small form in a window: fields, the refusal if there is one, and two buttons. */
export function FormModal<Input>(props: FormModalProps<Input>) {
  const { title, onClose, change, input, submit, loadError = null, isDangerous, children } = props;
  const { t } = useTranslation();
  const error = change.error ?? loadError;
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          // The window can be within another form, which must not be sent with it.
          event.stopPropagation();
          change.mutate(input);
        }}
      >
        <Stack>
          {children}
          {error !== null && (
            <Alert color="red" role="alert">
              <ProblemText error={error} />
            </Alert>
          )}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={change.isPending} {...(isDangerous && { color: 'red' })}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

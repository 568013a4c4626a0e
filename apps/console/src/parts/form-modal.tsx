import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemText } from './problem-text.js';

interface FormModalProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSubmit: () => void;
  readonly submit: string;
  readonly isBusy: boolean;
  readonly error: unknown;
  /** For what cannot be undone. */
  readonly isDangerous?: boolean;
  readonly children?: ReactNode;
}

/** A small form in a window: fields, the refusal if there is one, and two buttons. */
export function FormModal({
  title,
  isOpen,
  onClose,
  onSubmit,
  submit,
  isBusy,
  error,
  isDangerous,
  children,
}: FormModalProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={isOpen} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <Stack>
          {children}
          {error !== null && error !== undefined && (
            <Alert color="red" role="alert">
              <ProblemText error={error} />
            </Alert>
          )}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={isBusy} {...(isDangerous && { color: 'red' })}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface ShownOnceProps {
  readonly title: string;
  /** Each with the name of what it is. */
  readonly values: readonly { readonly label: string; readonly value: string }[];
  readonly onClose: () => void;
}

/** Shows what the server will not show again. It stays in the memory of the page until the window is closed. */
export function ShownOnce({ title, values, onClose }: ShownOnceProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Alert color="orange">{t('administration.shownOnce')}</Alert>
        {values.map(({ label, value }) => (
          <div key={label}>
            <Text size="sm" fw={500}>
              {label}
            </Text>
            <Group gap="xs" wrap="nowrap" align="start">
              <Code block aria-label={label} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap', flex: 1 }}>
                {value}
              </Code>
              <CopyButton value={value}>
                {({ copied, copy }) => (
                  <Button
                    variant="default"
                    size="compact-sm"
                    onClick={copy}
                    aria-label={t('administration.copyOf', { name: label })}
                  >
                    {copied ? t('administration.copied') : t('administration.copy')}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </div>
        ))}
        <Group justify="end">
          <Button onClick={onClose}>{t('administration.stored')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

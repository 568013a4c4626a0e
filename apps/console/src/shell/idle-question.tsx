import { Button, Group, Modal, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Whether anybody is still there. */
export function IdleQuestion({ onStay }: { readonly onStay: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onStay} title={t('idle.title')} withCloseButton={false}>
      <Text size="sm">{t('idle.text')}</Text>
      <Group justify="end" mt="md">
        <Button onClick={onStay} data-autofocus>
          {t('idle.stay')}
        </Button>
      </Group>
    </Modal>
  );
}

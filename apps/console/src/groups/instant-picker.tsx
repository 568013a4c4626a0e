import { Button, Group } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface InstantPickerProps {
  readonly timeZone: string;
  /** `undefined`: now. */
  readonly at: string | undefined;
}

/** Chooses the instant that the whole page shows; it is in the address, so that it can be sent to somebody. */
export function InstantPicker({ timeZone, at }: InstantPickerProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const [value, setValue] = useState<string | null>(null);
  const show = () => {
    if (value === null) return;
    const instant = new Date(value.replace(' ', 'T'));
    void navigate({ search: (before) => ({ ...before, at: instant.toISOString() }) });
  };
  return (
    <Group gap="xs" wrap="nowrap" align="end">
      <DateTimePicker
        label={t('history.slider')}
        placeholder={at ?? t('history.now')}
        value={value}
        onChange={setValue}
        valueFormat="YYYY-MM-DD HH:mm"
        size="xs"
        flex={1}
        title={timeZone}
      />
      <Button size="xs" variant="default" onClick={show} disabled={value === null}>
        OK
      </Button>
    </Group>
  );
}

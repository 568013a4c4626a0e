import { Button, Group } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { todayIn, wallOf } from '../parts/dates.js';
import { useCalendarWords } from '../parts/day-input.js';

interface InstantPickerProps {
  readonly timeZone: string;
  /** `undefined`: now. */
  readonly at: string | undefined;
}

/**
 * Chooses the instant that the whole page shows, by the clocks of the project; it is in the address, so that it can be sent to
 * somebody.
 */
export function InstantPicker({ timeZone, at }: InstantPickerProps) {
  const { t } = useTranslation();
  const words = useCalendarWords();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const [value, setValue] = useState<string | null>(null);
  const show = async (wall: string): Promise<void> => {
    const { instantOf } = await import('../parts/zoned.js');
    const instant = instantOf(wall, timeZone);
    await navigate({ search: (before) => ({ ...before, at: instant }) });
  };
  return (
    <Group gap="xs" wrap="nowrap" align="end">
      <DateTimePicker
        label={t('history.slider')}
        placeholder={at === undefined ? t('history.now') : wallOf(at, timeZone)}
        description={timeZone}
        defaultDate={todayIn(timeZone)}
        value={value}
        onChange={setValue}
        valueFormat="YYYY-MM-DD HH:mm"
        {...words}
        timePickerProps={{ hoursInputLabel: t('calendar.hours'), minutesInputLabel: t('calendar.minutes') }}
        submitButtonProps={{ 'aria-label': t('common.close') }}
        size="xs"
        flex={1}
      />
      <Button size="xs" variant="default" onClick={() => value !== null && void show(value)} disabled={value === null}>
        {t('history.show')}
      </Button>
    </Group>
  );
}

import { Button, Group } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { todayIn, wallOf } from '../parts/dates.js';
import { useCalendarWords } from '../parts/day-input.js';

interface InstantPickerProps {
  readonly timeZone: string;
  readonly label: string;
  /** `undefined`: now. */
  readonly at: string | undefined;
  readonly onShow: (instant: string) => void;
}

/**
 * Chooses an instant by the clocks of the project.
 */
export function InstantPicker({ timeZone, label, at, onShow }: InstantPickerProps) {
  const { t } = useTranslation();
  const words = useCalendarWords();
  const [value, setValue] = useState<string | null>(null);
  const show = async (wall: string): Promise<void> => {
    const { instantOf } = await import('../parts/zoned.js');
    onShow(instantOf(wall, timeZone));
  };
  return (
    <Group gap="xs" wrap="nowrap" align="end" maw={440}>
      <DateTimePicker
        label={label}
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

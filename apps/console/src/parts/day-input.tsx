import { DateInput, type DateInputProps } from '@mantine/dates';
import 'dayjs/locale/de';
import { useTranslation } from 'react-i18next';

/** The words of a calendar in the reader's language. */
export function useCalendarWords() {
  const { t, i18n } = useTranslation();
  return {
    locale: i18n.language,
    ariaLabels: {
      previousMonth: t('calendar.previousMonth'),
      nextMonth: t('calendar.nextMonth'),
      previousYear: t('calendar.previousYear'),
      nextYear: t('calendar.nextYear'),
      previousDecade: t('calendar.previousDecade'),
      nextDecade: t('calendar.nextDecade'),
      monthLevelControl: t('calendar.chooseMonth'),
      yearLevelControl: t('calendar.chooseYear'),
    },
  };
}

/** A day, which the server reads in the time zone of what it is about. */
export function DayInput(props: Omit<DateInputProps, 'valueFormat' | 'locale' | 'ariaLabels'>) {
  const words = useCalendarWords();
  return <DateInput valueFormat="YYYY-MM-DD" clearable {...words} {...props} />;
}

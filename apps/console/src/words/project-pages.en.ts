/** Texts of calendars and of the pages of a project in English. */
export const projectPages = {
  calendar: {
    previousMonth: 'Month before',
    nextMonth: 'Next month',
    previousYear: 'Year before',
    nextYear: 'Next year',
    previousDecade: 'Ten years before',
    nextDecade: 'Next ten years',
    chooseMonth: 'Choose the month',
    chooseYear: 'Choose the year',
    hours: 'Hours',
    minutes: 'Minutes',
  },
};

export type ProjectPages = typeof projectPages;

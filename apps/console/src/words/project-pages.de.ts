import type { ProjectPages } from './project-pages.en.js';

/** Texts of calendars and of the pages of a project in German. */
export const projectPages: ProjectPages = {
  calendar: {
    previousMonth: 'Monat davor',
    nextMonth: 'Nächster Monat',
    previousYear: 'Jahr davor',
    nextYear: 'Nächstes Jahr',
    previousDecade: 'Zehn Jahre davor',
    nextDecade: 'Nächste zehn Jahre',
    chooseMonth: 'Monat wählen',
    chooseYear: 'Jahr wählen',
    hours: 'Stunden',
    minutes: 'Minuten',
  },
};

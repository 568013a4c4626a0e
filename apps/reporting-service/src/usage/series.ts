import {
  addDays,
  dateAt,
  joined,
  measure,
  startOfDay,
  type CalendarDate,
  type Measures,
  type Period,
  type Step,
} from '@allotree/domain';

/** The measures of a calendar day in the project's time zone. Days without a change are not there. */
export interface MeasuredDay extends Measures {
  readonly day: CalendarDate;
}

/** The use of a group in a period: its days, and the steps outside whole days. All ascend. */
export interface RecordedUse {
  /** Units just before the period. */
  readonly open: number;
  readonly days: readonly MeasuredDay[];
  readonly steps: readonly Step[];
}

/** Whole days from the first date up to, but not including, the second. */
export interface WholeDays {
  readonly from: CalendarDate;
  readonly until: CalendarDate;
}

/** A period as what lies before its first whole day, the whole days, and what lies after them. */
export interface Parts {
  readonly before: Period;
  /** `null`: it has no whole day, and all of it is `before`. */
  readonly days: WholeDays | null;
  readonly after: Period;
}

/** No day of any zone is shorter. */
const SHORTEST_DAY_MS = 20 * 3_600_000;

/** The parts of a period by the calendar of a time zone. */
export function partsOf({ from, until }: Period, timeZone: string): Parts {
  const without: Parts = { before: { from, until }, days: null, after: { from: until, until } };
  if (until - from < SHORTEST_DAY_MS) return without;
  const first = firstDayFrom(from, timeZone);
  const last = dateAt(until, timeZone);
  const [start, end] = [startOfDay(first, timeZone), startOfDay(last, timeZone)];
  if (start >= end) return without;
  return { before: { from, until: start }, days: { from: first, until: last }, after: { from: end, until } };
}

function firstDayFrom(from: number, timeZone: string): CalendarDate {
  let day = dateAt(from, timeZone);
  while (startOfDay(day, timeZone) < from) day = addDays(day, 1);
  return day;
}

/** Measures adjoining periods one after the other, from the days and steps that lie in them. */
export class UseReader {
  private units: number;
  private nextDay = 0;
  private nextStep = 0;

  constructor(
    private readonly use: RecordedUse,
    private readonly timeZone: string,
  ) {
    this.units = use.open;
  }

  /** @param parts of the next period */
  measure({ before, days, after }: Parts): Measures {
    const all = [this.stretch(before), ...(days ? this.wholeDays(days) : []), this.stretch(after)];
    return all.filter((part) => part !== null).reduce(joined);
  }

  /** `null`: the period is empty. */
  private stretch({ from, until }: Period): Measures | null {
    if (from >= until) return null;
    const { steps } = this.use;
    const first = this.nextStep;
    while (this.nextStep < steps.length && steps[this.nextStep]!.at < until) this.nextStep += 1;
    return this.passed(measure({ open: this.units, steps: steps.slice(first, this.nextStep) }, { from, until }));
  }

  private wholeDays({ from, until }: WholeDays): (Measures | null)[] {
    const parts: (Measures | null)[] = [];
    let at = this.startOf(from);
    for (; this.nextDay < this.use.days.length; this.nextDay += 1) {
      const day = this.use.days[this.nextDay]!;
      if (day.day >= until) break;
      const start = this.startOf(day.day);
      parts.push(this.unchanged(at, start), this.passed(withoutDate(day)));
      at = this.startOf(addDays(day.day, 1));
    }
    parts.push(this.unchanged(at, this.startOf(until)));
    return parts;
  }

  private unchanged(from: number, until: number): Measures | null {
    return from < until ? measure({ open: this.units, steps: [] }, { from, until }) : null;
  }

  private passed(measures: Measures): Measures {
    this.units = measures.close;
    return measures;
  }

  private startOf(day: CalendarDate): number {
    return startOfDay(day, this.timeZone);
  }
}

const withoutDate = ({ day: _day, ...measures }: MeasuredDay): Measures => measures;

import { dateAt, daysBetween, lastDayOf, RESOURCES, startsDay } from '@allotree/domain';
import { LRUCache } from 'lru-cache';
import type { FallbackWords, FactLines, Noun, Vocabulary } from './vocabulary.js';

export type Counts = Readonly<Record<(typeof RESOURCES)[number], number>>;

/** List items beyond this number are only counted. */
const LONGEST_LIST = 5;

const ZONES_KEPT = 50;

interface ZoneFormats {
  readonly date: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
}

/** Facts in the words of one language. */
export class Wording {
  private readonly numbers: Intl.NumberFormat;
  private readonly plurals: Intl.PluralRules;
  /** Making a format costs more than using it a hundred times. */
  private readonly formatsByZone = new LRUCache<string, ZoneFormats>({ max: ZONES_KEPT });
  private readonly lists: Readonly<Record<'and' | 'or', Intl.ListFormat>>;

  constructor(private readonly vocabulary: Vocabulary) {
    const { locale } = vocabulary;
    this.numbers = new Intl.NumberFormat(locale);
    this.plurals = new Intl.PluralRules(locale);
    this.lists = {
      and: new Intl.ListFormat(locale, { type: 'conjunction' }),
      or: new Intl.ListFormat(locale, { type: 'disjunction' }),
    };
  }

  get facts(): FactLines {
    return this.vocabulary.facts;
  }

  get fallbacks(): FallbackWords {
    return this.vocabulary.fallbacks;
  }

  greeting(name: string | null): string {
    return this.vocabulary.greeting(name);
  }

  groups(number: number): string {
    return this.counted(number, this.vocabulary.group);
  }

  days(number: number): string {
    return this.counted(number, this.vocabulary.day);
  }

  /** As it follows "in". */
  daysAhead(number: number): string {
    return this.counted(number, this.vocabulary.dayAhead);
  }

  more(number: number): string {
    return this.vocabulary.more(this.numbers.format(number));
  }

  /** `a, b and c` */
  list(words: readonly string[], { most = LONGEST_LIST, last = 'and' }: ListOptions = {}): string {
    const shown = words.length > most ? [...words.slice(0, most), this.more(words.length - most)] : words;
    return this.lists[last].format(shown);
  }

  /** `80 virtual numbers, 60 mobile apps and 5 UKEY2 keys`; empty where there are none. */
  resources(counts: Counts): string {
    return this.list(
      RESOURCES.filter((resource) => counts[resource] > 0).map((resource) =>
        this.counted(counts[resource], this.vocabulary.resources[resource]),
      ),
    );
  }

  /** A sentence about an end to come. `null`: how much stops then is not known. */
  whatStops(counts: Counts | null): string {
    if (counts === null) return this.vocabulary.whatStops(null);
    const words = this.resources(counts);
    if (words === '') return this.vocabulary.nothingStops;
    const number = RESOURCES.reduce((sum, resource) => sum + counts[resource], 0);
    return this.vocabulary.whatStops({ words, isPlural: this.plurals.select(number) !== 'one' });
  }

  /** Why a webhook endpoint was disabled. */
  webhookDisabled(reason: keyof Vocabulary['webhookDisabled']): string {
    return this.vocabulary.webhookDisabled[reason];
  }

  features(features: readonly string[]): string {
    const names: Readonly<Record<string, string>> = this.vocabulary.features;
    return this.list(
      features.map((feature) => names[feature] ?? feature),
      { most: 20 },
    );
  }

  license(type: keyof Vocabulary['licenses'] | null): string {
    return type === null ? this.fallbacks.noLicense : this.vocabulary.licenses[type];
  }

  /** A tenant's own role is called what the tenant calls it. */
  role(role: string): string {
    const { roles } = this.vocabulary;
    const key = role.replaceAll(' ', '_');
    return (Object.hasOwn(roles, key) ? roles[key] : undefined) ?? role.replaceAll('_', ' ');
  }

  /** The last day of a term that ends with a day there, else the day and the time (E4). */
  end(iso: string, timeZone: string): string {
    const end = Date.parse(iso);
    return startsDay(end, timeZone)
      ? this.date(Date.parse(lastDayOf(end, timeZone)), 'UTC')
      : this.moment(iso, timeZone);
  }

  /** The day and the time there. */
  moment(iso: string, timeZone: string): string {
    const at = Date.parse(iso);
    const time = this.formats(timeZone).time.format(at);
    return this.vocabulary.moment(this.date(at, timeZone), time, timeZone.replaceAll('_', ' '));
  }

  private date(at: number, timeZone: string): string {
    return this.formats(timeZone).date.format(at);
  }

  private formats(timeZone: string): ZoneFormats {
    const known = this.formatsByZone.get(timeZone);
    if (known !== undefined) return known;
    const { locale } = this.vocabulary;
    const formats = {
      date: new Intl.DateTimeFormat(locale, { timeZone, day: 'numeric', month: 'long', year: 'numeric' }),
      time: new Intl.DateTimeFormat(locale, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    };
    this.formatsByZone.set(timeZone, formats);
    return formats;
  }

  private counted(number: number, noun: Noun): string {
    const form = this.plurals.select(number) === 'one' ? noun.one : noun.other;
    return `${this.numbers.format(number)} ${form}`;
  }
}

interface ListOptions {
  readonly most?: number;
  readonly last?: 'and' | 'or';
}

export const sumOf = (counts: readonly Counts[]): Counts => ({
  sip_number: counts.reduce((sum, each) => sum + each.sip_number, 0),
  mobile_app: counts.reduce((sum, each) => sum + each.mobile_app, 0),
  ukey2: counts.reduce((sum, each) => sum + each.ukey2, 0),
});

/** Whole days of the calendar there from now to the last day of the term; 0 is today, never less. */
export const daysUntil = (iso: string, timeZone: string, now: number): number =>
  Math.max(0, daysBetween(dateAt(now, timeZone), lastDayOf(Date.parse(iso), timeZone)));

import {
  groupLinkPath,
  linklessText,
  type AccountMailJob,
  type EndedJob,
  type LicenseExpiryJob,
  type ReminderJob,
  type RestoredJob,
  type TrialStartedJob,
  type WebhookDisabledReason,
} from '@allotree/contracts';
import type { MarkerValues } from './compile.js';
import { groupList, type ListedGroup } from './group-list.js';
import { WORDINGS, type MailLanguage } from '../wording/languages.js';
import { daysUntil, sumOf, type Counts, type Wording } from '../wording/wording.js';

/** One notice of a mail. */
export interface MailItem<Job extends LicenseExpiryJob = LicenseExpiryJob> {
  readonly job: Job;
  /** Where the group lies: `Building A › Unit 1`. */
  readonly place: string;
}

export interface MailSetting {
  readonly recipientName: string | null;
  readonly language: MailLanguage;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Writing {
  readonly wording: Wording;
  readonly now: number;
}

type Facts<Kind extends LicenseExpiryJob['kind']> = (
  items: readonly MailItem<Extract<LicenseExpiryJob, { kind: Kind }>>[],
  writing: Writing,
) => { readonly facts: readonly (readonly string[])[]; readonly values: MarkerValues };

const earliest = <Job extends { validUntil: string | null }>(items: readonly MailItem<Job & LicenseExpiryJob>[]) =>
  items
    .map(({ job }) => job)
    .filter((job) => job.validUntil !== null)
    .sort((a, b) => Date.parse(a.validUntil ?? '') - Date.parse(b.validUntil ?? ''))[0];

const distinct = (words: readonly string[]): string[] => [...new Set(words)];

/**
 * What happens to a group at an instant includes what happens then to the groups below it: those of a mail are counted with
 * the group above them.
 */
function sumOfOutermost<Job extends LicenseExpiryJob>(
  items: readonly MailItem<Job>[],
  instantOf: (job: Job) => string,
  countsOf: (job: Job) => Counts,
): Counts {
  const isBelow = (inner: MailItem<Job>, outer: MailItem<Job>): boolean =>
    inner !== outer &&
    inner.job.projectId === outer.job.projectId &&
    Date.parse(instantOf(inner.job)) === Date.parse(instantOf(outer.job)) &&
    (outer.job.groupId === outer.job.projectId || inner.place.startsWith(`${outer.place} › `));
  return sumOf(items.filter((item) => !items.some((other) => isBelow(item, other))).map(({ job }) => countsOf(job)));
}

const NO_COUNTS: Counts = { sip_number: 0, mobile_app: 0, ukey2: 0 };

/** What stops at the end of a term and of its grace. */
const stoppingOf = ({ stopping = NO_COUNTS, grace }: ReminderJob): Counts =>
  grace === undefined ? stopping : sumOf([stopping, grace.stopping]);

/** Until when days of grace run, and what stops then. */
const graceFacts = ({ grace, timeZone }: EndedJob | ReminderJob, wording: Wording): string[] =>
  grace === undefined
    ? []
    : [
        wording.facts.graceUntil(wording.end(grace.until, timeZone)),
        wording.facts.stopsAfterGrace(wording.resources(grace.stopping) || wording.fallbacks.nothingInUseNow),
      ];

function reminderFacts(job: ReminderJob, { wording, now }: Writing): string[] {
  const { validUntil, timeZone, stopping, grace, fallback } = job;
  const stops = stopping && (wording.resources(stopping) || (grace ? '' : wording.fallbacks.nothingInUseNow));
  return [
    wording.facts.ends(wording.end(validUntil, timeZone), wording.daysAhead(daysUntil(validUntil, timeZone, now))),
    ...(stops ? [wording.facts.stopsThen(stops)] : []),
    ...graceFacts(job, wording),
    wording.facts.afterwards(wording.license(fallback)),
  ];
}

const fallbacksOf = (
  items: readonly MailItem<LicenseExpiryJob & Pick<ReminderJob, 'fallback'>>[],
  wording: Wording,
): string => wording.list(distinct(items.map(({ job }) => wording.license(job.fallback))), { last: 'or' });

const ofReminder: Facts<'reminder'> = (items, { wording, now }) => {
  const first = earliest(items);
  const { validUntil = '', timeZone = 'UTC' } = first ?? {};
  const isKnown = items.every(({ job }) => job.stopping !== undefined);
  return {
    facts: items.map(({ job }) => reminderFacts(job, { wording, now })),
    values: {
      valid_until: wording.end(validUntil, timeZone),
      days_left: wording.daysAhead(daysUntil(validUntil, timeZone, now)),
      what_stops: wording.whatStops(isKnown ? sumOfOutermost(items, (job) => job.validUntil, stoppingOf) : null),
      fallback: fallbacksOf(items, wording),
    },
  };
};

const endedFacts = (job: EndedJob, wording: Wording): string[] => [
  wording.facts.ended(wording.end(job.endedAt, job.timeZone)),
  wording.facts.stopped(wording.resources(job.stopped) || wording.fallbacks.nothingInUse),
  ...graceFacts(job, wording),
  ...(job.featuresOff.length > 0 ? [wording.facts.switchedOff(wording.features(job.featuresOff))] : []),
  wording.facts.now(wording.license(job.fallback)),
];

const ofEnded: Facts<'ended'> = (items, { wording }) => ({
  facts: items.map(({ job }) => endedFacts(job, wording)),
  values: {
    ended_at: wording.list(distinct(items.map(({ job }) => wording.end(job.endedAt, job.timeZone)))),
    stopped:
      wording.resources(
        sumOfOutermost(
          items,
          (job) => job.endedAt,
          (job) => job.stopped,
        ),
      ) || wording.fallbacks.nothingInUse,
    features_off:
      wording.features(distinct(items.flatMap(({ job }) => job.featuresOff))) || wording.fallbacks.noFeatures,
    fallback: fallbacksOf(items, wording),
  },
});

const untilInWords = (
  { validUntil, timeZone }: Pick<RestoredJob, 'validUntil' | 'timeZone'>,
  wording: Wording,
): string => (validUntil === null ? wording.fallbacks.withoutEnd : wording.end(validUntil, timeZone));

const ofRestored: Facts<'restored'> = (items, { wording }) => ({
  facts: items.map(({ job }) => [
    wording.facts.worksAgain(wording.resources(job.restored) || wording.fallbacks.everythingAllotted),
    wording.facts.validUntil(untilInWords(job, wording)),
  ]),
  values: {
    restored:
      wording.resources(
        sumOfOutermost(
          items,
          (job) => job.restoredAt,
          (job) => job.restored,
        ),
      ) || wording.fallbacks.everythingAllotted,
    valid_until: wording.list(distinct(items.map(({ job }) => untilInWords(job, wording)))),
  },
});

const trialLength = ({ validUntil, timeZone }: TrialStartedJob, { wording, now }: Writing): string =>
  validUntil === null ? wording.fallbacks.unlimitedTime : wording.days(daysUntil(validUntil, timeZone, now));

const ofTrial: Facts<'trial_started'> = (items, { wording, now }) => ({
  facts: items.map(({ job }) => [wording.facts.validUntil(untilInWords(job, wording))]),
  values: {
    valid_until: wording.list(distinct(items.map(({ job }) => untilInWords(job, wording)))),
    days_left: wording.list(distinct(items.map(({ job }) => trialLength(job, { wording, now })))),
  },
});

const FACTS: { readonly [Kind in LicenseExpiryJob['kind']]: Facts<Kind> } = {
  reminder: ofReminder,
  ended: ofEnded,
  restored: ofRestored,
  trial_started: ofTrial,
};

const addressed = (name: string | null, wording: Wording): MarkerValues => {
  const known = linklessText(name ?? '') || null;
  return { greeting: wording.greeting(known), recipient_name: known ?? wording.fallbacks.recipient };
};

/** Of a group with those above it. */
const LONGEST_PLACE = 200;

const groupLink = (publicUrl: string, { projectId, groupId }: LicenseExpiryJob): string =>
  `${publicUrl}${groupLinkPath(projectId, groupId)}`;

/** The values of the markers of a mail. All items are of one kind. */
export function valuesOf(items: readonly MailItem[], setting: MailSetting): MarkerValues {
  const [first] = items;
  if (first === undefined) throw new Error('a mail without items');
  const { now, language, publicUrl, recipientName } = setting;
  const wording = WORDINGS[language];
  const { facts, values } = FACTS[first.job.kind](items as never, { wording, now });
  const list = items.map(({ job, place }, index): ListedGroup => ({
    place: linklessText(place, LONGEST_PLACE),
    project: linklessText(job.projectName),
    link: groupLink(publicUrl, job),
    facts: facts[index] ?? [],
  }));
  return {
    ...addressed(recipientName, wording),
    project: wording.list(distinct(items.map(({ job }) => linklessText(job.projectName)))),
    link: items.length === 1 ? groupLink(publicUrl, first.job) : publicUrl,
    group_list: groupList(list, wording),
    group_count: wording.groups(items.length),
    ...values,
  };
}

/** A webhook endpoint that was disabled. */
export interface DisabledEndpoint {
  readonly endpointId: string;
  readonly url: string;
  readonly description: string;
  readonly reason: WebhookDisabledReason;
  /** ISO 8601. */
  readonly disabledAt: string;
}

/** The values of the markers of a mail about a webhook endpoint. A tenant has no time zone of its own. */
export function webhookValuesOf(
  { endpointId, url, description, reason, disabledAt }: DisabledEndpoint,
  { recipientName, publicUrl, language }: Pick<MailSetting, 'recipientName' | 'publicUrl' | 'language'>,
): MarkerValues {
  const wording = WORDINGS[language];
  return {
    ...addressed(recipientName, wording),
    endpoint: linklessText(description || new URL(url).hostname),
    endpoint_id: endpointId,
    reason: wording.webhookDisabled(reason),
    disabled_at: wording.moment(disabledAt, 'UTC'),
    link: publicUrl,
  };
}

/** The values of the markers of a mail about an account. Names in it may be those of strangers. */
export function accountValuesOf(
  { mailType, name, path, values, changed }: Pick<AccountMailJob, 'mailType' | 'name' | 'path' | 'values' | 'changed'>,
  { publicUrl, language }: Pick<MailSetting, 'publicUrl' | 'language'>,
): MarkerValues {
  const wording = WORDINGS[language];
  const { role, ...others } = values;
  return {
    ...(mailType === 'invitation' ? { inviter: wording.fallbacks.inviter } : {}),
    ...Object.fromEntries(Object.entries(others).map(([marker, value]) => [marker, linklessText(value)])),
    ...(role === undefined ? {} : { role: linklessText(wording.role(role)) }),
    ...(changed === undefined ? {} : { changed_at: wording.moment(changed.at, changed.timeZone) }),
    ...addressed(name, wording),
    link: `${publicUrl}${path}`,
  };
}

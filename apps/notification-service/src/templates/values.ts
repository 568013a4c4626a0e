import {
  groupLinkPath,
  isAccountMail,
  LINK_PATHS,
  linklessText,
  secretLink,
  type AccountMailJob,
  type EndedJob,
  type LicenseExpiryJob,
  type MailTypeName,
  type ReminderJob,
  type RestoredJob,
  type TrialStartedJob,
} from '@allotree/contracts';
import type { MarkerValues } from './compile.js';
import { groupList, type ListedGroup } from './group-list.js';
import {
  days,
  daysUntil,
  endInWords,
  featuresInWords,
  groups,
  licenseInWords,
  listed,
  resourcesInWords,
  sumOf,
} from './words.js';

/** One notice of a mail. */
export interface MailItem<Job extends LicenseExpiryJob = LicenseExpiryJob> {
  readonly job: Job;
  /** Where the group lies: `Building A › Unit 1`. */
  readonly place: string;
}

export interface MailSetting {
  readonly recipientName: string | null;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const NOTHING = 'nothing that was in use';

type Facts<Kind extends LicenseExpiryJob['kind']> = (
  items: readonly MailItem<Extract<LicenseExpiryJob, { kind: Kind }>>[],
  setting: MailSetting,
) => { readonly facts: readonly (readonly string[])[]; readonly values: MarkerValues };

const earliest = <Job extends { validUntil: string | null }>(items: readonly MailItem<Job & LicenseExpiryJob>[]) =>
  items
    .map(({ job }) => job)
    .filter((job) => job.validUntil !== null)
    .sort((a, b) => Date.parse(a.validUntil ?? '') - Date.parse(b.validUntil ?? ''))[0];

const distinct = (words: readonly string[], last = 'and'): string => listed([...new Set(words)], { last });

const reminderFacts = ({ validUntil, timeZone, fallback }: ReminderJob, now: number): string[] => [
  `Ends on ${endInWords(validUntil, timeZone)}, in ${days(daysUntil(validUntil, timeZone, now))}`,
  `Afterwards: ${licenseInWords(fallback)}`,
];

const ofReminder: Facts<'reminder'> = (items, { now }) => {
  const first = earliest(items);
  const { validUntil = '', timeZone = 'utc' } = first ?? {};
  return {
    facts: items.map(({ job }) => reminderFacts(job, now)),
    values: {
      valid_until: endInWords(validUntil, timeZone),
      days_left: days(daysUntil(validUntil, timeZone, now)),
      fallback: distinct(
        items.map(({ job }) => licenseInWords(job.fallback)),
        'or',
      ),
    },
  };
};

const stoppedInWords = (job: Pick<EndedJob, 'stopped'>): string => resourcesInWords(job.stopped) || NOTHING;

/** Until when days of grace run, and what stops then. */
const graceFacts = ({ grace, timeZone }: EndedJob): string[] =>
  grace === undefined
    ? []
    : [
        `Days of grace keep what is in use until ${endInWords(grace.until, timeZone)}`,
        `Then it stops: ${resourcesInWords(grace.stopping) || 'nothing that is in use now'}`,
      ];

const endedFacts = (job: EndedJob): string[] => [
  `Ended on ${endInWords(job.endedAt, job.timeZone)}`,
  `Stopped: ${stoppedInWords(job)}`,
  ...graceFacts(job),
  ...(job.featuresOff.length > 0 ? [`Switched off: ${featuresInWords(job.featuresOff)}`] : []),
  `Now: ${licenseInWords(job.fallback)}`,
];

const ofEnded: Facts<'ended'> = (items) => ({
  facts: items.map(({ job }) => endedFacts(job)),
  values: {
    ended_at: distinct(items.map(({ job }) => endInWords(job.endedAt, job.timeZone))),
    stopped: resourcesInWords(sumOf(items.map(({ job }) => job.stopped))) || NOTHING,
    features_off: featuresInWords([...new Set(items.flatMap(({ job }) => job.featuresOff))]) || 'none',
    fallback: distinct(
      items.map(({ job }) => licenseInWords(job.fallback)),
      'or',
    ),
  },
});

const untilInWords = ({ validUntil, timeZone }: Pick<RestoredJob, 'validUntil' | 'timeZone'>): string =>
  validUntil === null ? 'further notice' : endInWords(validUntil, timeZone);

const ofRestored: Facts<'restored'> = (items) => ({
  facts: items.map(({ job }) => [
    `Works again: ${resourcesInWords(job.restored) || 'everything that was allotted'}`,
    `Valid until: ${untilInWords(job)}`,
  ]),
  values: {
    restored: resourcesInWords(sumOf(items.map(({ job }) => job.restored))) || 'everything that was allotted',
    valid_until: distinct(items.map(({ job }) => untilInWords(job))),
  },
});

const trialLength = ({ validUntil, timeZone }: TrialStartedJob, now: number): string =>
  validUntil === null ? 'an unlimited time' : days(daysUntil(validUntil, timeZone, now));

const ofTrial: Facts<'trial_started'> = (items, { now }) => ({
  facts: items.map(({ job }) => [`Until: ${untilInWords(job)}`]),
  values: {
    valid_until: distinct(items.map(({ job }) => untilInWords(job))),
    days_left: distinct(items.map(({ job }) => trialLength(job, now))),
  },
});

const FACTS: { readonly [Kind in LicenseExpiryJob['kind']]: Facts<Kind> } = {
  reminder: ofReminder,
  ended: ofEnded,
  restored: ofRestored,
  trial_started: ofTrial,
};

/** Without a name: "Hello there,". */
const greeted = (name: string | null): string => linklessText(name ?? '') || 'there';

/** Of a group with those above it. */
const LONGEST_PLACE = 200;

const groupLink = (publicUrl: string, { projectId, groupId }: LicenseExpiryJob): string =>
  `${publicUrl}${groupLinkPath(projectId, groupId)}`;

/** What the markers of a mail stand for. All items are of one kind. */
export function valuesOf(items: readonly MailItem[], setting: MailSetting): MarkerValues {
  const [first] = items;
  if (first === undefined) throw new Error('a mail without items');
  const { facts, values } = FACTS[first.job.kind](items as never, setting);
  const list = items.map(({ job, place }, index): ListedGroup => ({
    place: linklessText(place, LONGEST_PLACE),
    project: linklessText(job.projectName),
    link: groupLink(setting.publicUrl, job),
    facts: facts[index] ?? [],
  }));
  return {
    recipient_name: greeted(setting.recipientName),
    project: distinct(items.map(({ job }) => linklessText(job.projectName))),
    link: items.length === 1 ? groupLink(setting.publicUrl, first.job) : setting.publicUrl,
    group_list: groupList(list),
    group_count: groups(items.length),
    ...values,
  };
}

const sampleBase = {
  tenantId: 'nordlicht',
  projectId: 'hafenblick',
  projectName: 'Hafenblick',
  timeZone: 'Europe/Berlin',
  dueAt: '2026-11-01T07:00:00Z',
  date: '2026-11-01',
};
const buildingA = { ...sampleBase, groupId: 'building-a', groupName: 'Building A' };
const unit1 = { ...sampleBase, groupId: 'unit-1', groupName: 'Unit 1' };
const reminder = {
  kind: 'reminder',
  daysLeft: 30,
  recipients: 'administrators',
  fallback: 'basic',
} as const;
const ended = {
  kind: 'ended',
  endedAt: '2026-12-01T23:00:00Z',
  recipients: 'administrators',
  fallback: 'basic',
} as const;
const restored = { kind: 'restored', restoredAt: '2026-12-03T09:30:00Z', recipients: 'administrators' } as const;

const UNIT_1 = 'Building A › Unit 1';

/** The worked example of domain.md, as far as the mails tell it. */
const SAMPLES: Readonly<Record<Exclude<MailTypeName, AccountMailJob['mailType']>, readonly MailItem[]>> = {
  license_expiry_reminder: [
    { place: 'Building A', job: { ...buildingA, ...reminder, allotmentIds: [], validUntil: '2026-12-01T23:00:00Z' } },
    {
      place: UNIT_1,
      job: { ...unit1, ...reminder, allotmentIds: [], validUntil: '2026-12-15T23:00:00Z', fallback: null },
    },
  ],
  license_ended: [
    {
      place: 'Building A',
      job: {
        ...buildingA,
        ...ended,
        stopped: { sip_number: 80, mobile_app: 60, ukey2: 5 },
        featuresOff: ['remote_door_opening', 'guest_access'],
      },
    },
  ],
  license_restored: [
    {
      place: 'Building A',
      job: {
        ...buildingA,
        ...restored,
        restored: { sip_number: 80, mobile_app: 60, ukey2: 5 },
        validUntil: '2026-12-31T23:00:00Z',
      },
    },
  ],
  trial_started: [
    {
      place: 'Hafenblick',
      job: {
        ...sampleBase,
        groupId: 'hafenblick',
        groupName: 'Hafenblick',
        kind: 'trial_started',
        validUntil: '2026-12-01T23:00:00Z',
      },
    },
  ],
};

const SAMPLE_DAY = Date.parse(sampleBase.dueAt);

const ACCOUNT_SAMPLES: Readonly<Record<AccountMailJob['mailType'], Pick<AccountMailJob, 'path' | 'values'>>> = {
  invitation: {
    path: secretLink('invitation', 'sample'),
    values: {
      project: sampleBase.projectName,
      inviter: 'Jon Hansen',
      role: 'site administrator',
      group: 'Building A',
    },
  },
  registration: {
    path: secretLink('registration', 'sample'),
    values: { project: sampleBase.projectName, partner: 'Nordlicht', code: '20461975' },
  },
  registration_known: { path: LINK_PATHS.signIn, values: {} },
  password_reset: { path: secretLink('password', 'sample'), values: {} },
  password_changed: { path: LINK_PATHS.password, values: { changed_at: '1 November 2026, 08:00 (Europe/Berlin)' } },
};

/** What the markers of a mail about an account stand for. Names in it may be those of strangers. */
export const accountValuesOf = (
  { name, path, values }: Pick<AccountMailJob, 'name' | 'path' | 'values'>,
  publicUrl: string,
): MarkerValues => ({
  ...Object.fromEntries(Object.entries(values).map(([marker, value]) => [marker, linklessText(value)])),
  recipient_name: greeted(name),
  link: `${publicUrl}${path}`,
});

/** Values to look at a template with. */
export function sampleValues(mailType: MailTypeName, publicUrl: string): MarkerValues {
  if (isAccountMail(mailType)) return accountValuesOf({ name: 'Ada Berg', ...ACCOUNT_SAMPLES[mailType] }, publicUrl);
  return valuesOf(SAMPLES[mailType], { recipientName: 'Ada Berg', publicUrl, now: SAMPLE_DAY });
}

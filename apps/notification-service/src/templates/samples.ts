import {
  isAccountMail,
  LINK_PATHS,
  secretLink,
  type AccountMailJob,
  type LicenseExpiryJob,
  type MailTypeName,
} from '@allotree/contracts';
import type { MarkerValues } from './compile.js';
import { accountValuesOf, valuesOf, webhookValuesOf, type DisabledEndpoint, type MailItem } from './values.js';
import type { MailLanguage } from '../wording/languages.js';

/** The names of the groups of the sample. */
const NAMES: Readonly<Record<MailLanguage, { readonly building: string; readonly unit: string }>> = {
  en: { building: 'Building A', unit: 'Unit 1' },
  de: { building: 'Haus A', unit: 'Wohnung 1' },
};

const PROJECT = 'Hafenblick';
const DUE_AT = '2026-11-01T07:00:00Z';
const SAMPLE_DAY = Date.parse(DUE_AT);

const about = (groupId: string, groupName: string) => ({
  tenantId: 'nordlicht',
  projectId: 'hafenblick',
  projectName: PROJECT,
  timeZone: 'Europe/Berlin',
  dueAt: DUE_AT,
  date: '2026-11-01',
  groupId,
  groupName,
});

const inUse = { sip_number: 80, mobile_app: 60, ukey2: 5 };

type Sample = (names: (typeof NAMES)[MailLanguage]) => readonly MailItem[];

/** The worked example (docs/domain/words.md#example), as far as it appears in mails. */
const SAMPLES: Readonly<Record<Exclude<MailTypeName, AccountMailJob['mailType'] | 'webhook_disabled'>, Sample>> = {
  license_expiry_reminder: ({ building, unit }) => {
    const reminder = { kind: 'reminder', daysLeft: 30, recipients: 'administrators' } as const;
    return [
      item(building, {
        ...about('building-a', building),
        ...reminder,
        allotmentIds: [],
        validUntil: '2026-12-01T23:00:00Z',
        stopping: { sip_number: 79, mobile_app: 58, ukey2: 5 },
        fallback: 'basic',
      }),
      item(`${building} › ${unit}`, {
        ...about('unit-1', unit),
        ...reminder,
        allotmentIds: [],
        validUntil: '2026-12-15T23:00:00Z',
        stopping: { sip_number: 1, mobile_app: 2, ukey2: 0 },
        fallback: null,
      }),
    ];
  },
  license_ended: ({ building }) => [
    item(building, {
      ...about('building-a', building),
      kind: 'ended',
      endedAt: '2026-12-01T23:00:00Z',
      stopped: inUse,
      featuresOff: ['remote_door_opening', 'guest_access'],
      fallback: 'basic',
      recipients: 'administrators',
    }),
  ],
  license_restored: ({ building }) => [
    item(building, {
      ...about('building-a', building),
      kind: 'restored',
      restoredAt: '2026-12-03T09:30:00Z',
      restored: inUse,
      validUntil: '2026-12-31T23:00:00Z',
      recipients: 'administrators',
    }),
  ],
  trial_started: () => [
    item(PROJECT, { ...about('hafenblick', PROJECT), kind: 'trial_started', validUntil: '2026-12-01T23:00:00Z' }),
  ],
};

const item = (place: string, job: LicenseExpiryJob): MailItem => ({ place, job });

type AccountSample = (names: (typeof NAMES)[MailLanguage]) => Pick<AccountMailJob, 'path' | 'values' | 'changed'>;

const ACCOUNT_SAMPLES: Readonly<Record<AccountMailJob['mailType'], AccountSample>> = {
  invitation: ({ building }) => ({
    path: secretLink('invitation', 'sample'),
    values: { project: PROJECT, inviter: 'Jon Hansen', role: 'site_administrator', group: building },
  }),
  registration: () => ({
    path: secretLink('registration', 'sample'),
    values: { project: PROJECT, partner: 'Nordlicht', code: '20461975' },
  }),
  registration_known: () => ({ path: LINK_PATHS.signIn, values: {} }),
  password_reset: () => ({ path: secretLink('password', 'sample'), values: {} }),
  password_changed: () => ({
    path: LINK_PATHS.password,
    values: {},
    changed: { at: DUE_AT, timeZone: 'Europe/Berlin' },
  }),
};

const DISABLED_ENDPOINT: DisabledEndpoint = {
  endpointId: '8c6d6f0e-6a0b-4b57-9b0f-0a3f5d1c2e4b',
  url: 'https://hooks.example.com/allotree',
  description: 'Billing',
  reason: 'failing',
  disabledAt: DUE_AT,
};

/** Values to look at a template with. */
export function sampleValues(mailType: MailTypeName, publicUrl: string, language: MailLanguage): MarkerValues {
  const names = NAMES[language];
  const name = 'Ada Berg';
  if (mailType === 'webhook_disabled')
    return webhookValuesOf(DISABLED_ENDPOINT, { recipientName: name, publicUrl, language });
  return isAccountMail(mailType)
    ? accountValuesOf({ mailType, name, ...ACCOUNT_SAMPLES[mailType](names) }, { publicUrl, language })
    : valuesOf(SAMPLES[mailType](names), { recipientName: name, language, publicUrl, now: SAMPLE_DAY });
}

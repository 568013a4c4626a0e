import { z } from 'zod';
import { Email } from '../groups/words.js';
import { Id, IsoInstant } from '../http/common.js';
import { FeatureName, LicenseTypeName } from '../licensing/words.js';
import type { MailTypeName } from './words.js';

/** The queue the notification service works off. */
export const LICENSE_EXPIRY_QUEUE = 'license-expiry';

const count = z.int().min(0);
const perResource = z.object({ sip_number: count, mobile_app: count, ukey2: count });

const grace = z.object({ until: IsoInstant, stopping: perResource });

/** Whom a group's mails reach (E3). */
export const RecipientsName = z.enum(['administrators', 'members']);
export type RecipientsName = z.infer<typeof RecipientsName>;

const about = {
  tenantId: Id,
  projectId: Id,
  projectName: z.string(),
  timeZone: z.string(),
  groupId: Id,
  groupName: z.string(),
  /** When it became due. */
  dueAt: IsoInstant,
  /** The day it belongs to, in the project's time zone (E4). */
  date: z.iso.date(),
  /** The trace context of the command that caused it; only where tracing is on. */
  traceparent: z.string().max(200).optional(),
};

/** A term of a group comes to its end (E2). */
export const ReminderJob = z.object({
  kind: z.literal('reminder'),
  ...about,
  validUntil: IsoInstant,
  daysLeft: z.int().min(1),
  allotmentIds: z.array(Id),
  /** Suspended in the group and below at the end if nothing changes; absent in jobs of older versions. */
  stopping: perResource.optional(),
  /** Until when days of grace keep what is in use then, and what is suspended when they end. */
  grace: grace.optional(),
  recipients: RecipientsName,
  /** The license type that takes over then; `null`: none. */
  fallback: LicenseTypeName.nullable(),
});

/** A term of a group has ended: what stopped, and what took over (E3). */
export const EndedJob = z.object({
  kind: z.literal('ended'),
  ...about,
  endedAt: IsoInstant,
  /** Suspended in the group and below. */
  stopped: perResource,
  /** Until when days of grace keep what is in use, and what is suspended then if nothing changes; absent: no grace runs. */
  grace: grace.optional(),
  featuresOff: z.array(FeatureName),
  fallback: LicenseTypeName.nullable(),
  recipients: RecipientsName,
});

/** What had stopped in a group works again. */
export const RestoredJob = z.object({
  kind: z.literal('restored'),
  ...about,
  restoredAt: IsoInstant,
  /** Working again in the group and below. */
  restored: perResource,
  /** `null`: without an end. */
  validUntil: IsoInstant.nullable(),
  recipients: RecipientsName,
});

/** A project's trial began (L1); the group is its root. */
export const TrialStartedJob = z.object({
  kind: z.literal('trial_started'),
  ...about,
  /** `null`: a trial without an end, granted by hand. */
  validUntil: IsoInstant.nullable(),
});

/** What a job of `license-expiry` carries. */
export const LicenseExpiryJob = z.discriminatedUnion('kind', [ReminderJob, EndedJob, RestoredJob, TrialStartedJob]);
export type LicenseExpiryJob = z.infer<typeof LicenseExpiryJob>;
export type ReminderJob = z.infer<typeof ReminderJob>;
export type EndedJob = z.infer<typeof EndedJob>;
export type RestoredJob = z.infer<typeof RestoredJob>;
export type TrialStartedJob = z.infer<typeof TrialStartedJob>;

/** The queue with mails about accounts: they carry secrets, so they are on no bus. */
export const ACCOUNT_MAILS_QUEUE = 'account-mails';

export const ACCOUNT_MAIL_TYPES = [
  'invitation',
  'registration',
  'registration_known',
  'password_reset',
  'password_changed',
] as const satisfies readonly MailTypeName[];
export type AccountMailType = (typeof ACCOUNT_MAIL_TYPES)[number];

/** Mails about accounts are the vendor's alone, in the vendor's words (P3). */
export const isAccountMail = (mailType: MailTypeName): mailType is AccountMailType =>
  (ACCOUNT_MAIL_TYPES as readonly MailTypeName[]).includes(mailType);

/** What a job of `account-mails` carries: one mail to one person. */
export const AccountMailJob = z.object({
  mailType: z.enum(ACCOUNT_MAIL_TYPES),
  /** On whose behalf; it is written in the vendor's words all the same (P3). */
  tenantId: Id.nullable(),
  to: Email,
  name: z.string(),
  /** A BCP 47 tag; absent: not known. */
  language: z.string().max(35).optional(),
  /** Below the public address: `/invitations#<token>`. Browsers do not send the fragment after # to any server. */
  path: z.string().regex(/^\/[\w/-]*(#[\w-]+)?$/),
  /** What further markers of the template stand for. */
  values: z.record(z.string().regex(/^[a-z_]+$/), z.string()),
  /** What `:changed_at` says, in the language of the mail. */
  changed: z.object({ at: IsoInstant, timeZone: z.string() }).optional(),
  /** When its link ends: it is not sent when little of its life is left. Without: it has no such link. */
  expiresAt: IsoInstant.optional(),
});
export type AccountMailJob = z.infer<typeof AccountMailJob>;

const millis = (iso: string): number => Date.parse(iso);

/** The id of a job whose occasion is known by it: the same occasion gets the same id, however often it is enqueued. */
export const licenseExpiryJobId = {
  reminder: ({
    projectId,
    groupId,
    validUntil,
    date,
  }: Pick<ReminderJob, 'projectId' | 'groupId' | 'validUntil' | 'date'>) =>
    `reminder_${projectId}_${groupId}_${millis(validUntil)}_${date}`,
  ended: ({ projectId, groupId, endedAt }: Pick<EndedJob, 'projectId' | 'groupId' | 'endedAt'>) =>
    `ended_${projectId}_${groupId}_${millis(endedAt)}`,
  restored: ({ projectId, groupId, restoredAt }: Pick<RestoredJob, 'projectId' | 'groupId' | 'restoredAt'>) =>
    `restored_${projectId}_${groupId}_${millis(restoredAt)}`,
  trialStarted: (projectId: string, licenseId: string) => `trial_${projectId}_${licenseId}`,
} as const;

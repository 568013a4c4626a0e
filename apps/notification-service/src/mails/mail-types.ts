import type { LicenseExpiryJob, MailTypeName } from '@allotree/contracts';

/** The mail type of a job. */
export const MAIL_TYPE_OF: Readonly<Record<LicenseExpiryJob['kind'], MailTypeName>> = {
  reminder: 'license_expiry_reminder',
  ended: 'license_ended',
  restored: 'license_restored',
  trial_started: 'trial_started',
};

import { z } from 'zod';

/** The mails that are sent, each with a template of its own. */
export const MAIL_TYPES = [
  'license_expiry_reminder',
  'license_ended',
  'license_restored',
  'trial_started',
  'webhook_disabled',
  'invitation',
  'registration',
  'registration_known',
  'password_reset',
  'password_changed',
] as const;
export const MailTypeName = z.enum(MAIL_TYPES);
export type MailTypeName = z.infer<typeof MailTypeName>;

/**
 * `pending`: waits for its turn (to be joined by others of the day, or for the recipient's hourly number); `sending`: is
 * being handed over; `failed`: will be tried again; `dead`: nobody tries any more, until it is asked for; `obsolete`: what
 * it announces was over before it could go out.
 */
export const DeliveryStatusName = z.enum(['pending', 'sending', 'sent', 'failed', 'dead', 'obsolete']);
export type DeliveryStatusName = z.infer<typeof DeliveryStatusName>;

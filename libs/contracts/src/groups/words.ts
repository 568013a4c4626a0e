import { analyzeEmail } from '@hapi/address';
import { z } from 'zod';
import { Id, Name } from '../http/common.js';

export const PartnerKindName = z.enum(['distributor', 'dealer', 'management_company']);
export const JoinRequestStatusName = z.enum(['open', 'approved', 'rejected']);
export const BillingModeName = z.enum(['prepaid', 'postpaid']);
/** Closed: it can be read, and nothing about it changes. */
export const StandingName = z.enum(['open', 'closed']);
export const GroupTypeName = z.enum(['company', 'building', 'unit', 'floor', 'apartment', 'custom']);
/** One of the roles (docs/domain/rules.md#roles) but the server administrator's, or the id of a role of the tenant. */
export const RoleName = Id;

/** The serial number as printed on the device. */
export const SerialNumber = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
    'must be 1 to 64 letters, digits, "_", ".", ":" or "-", and begin with a letter or digit',
  );

/** A code supplied with a device that proves possession; compared without case and hyphens. */
export const ClaimCode = z
  .string()
  .regex(/^[A-Za-z0-9](-?[A-Za-z0-9]){7,63}$/, 'must be 8 to 64 letters and digits, with single hyphens between them');

/**
 * Format characters, private use and characters without width. Joiners and variation selectors are checked by the domain,
 * which knows where they belong (G1).
 */
const UNSEEN =
  /(?!\u200c|\u200d|\ufe0e|\ufe0f|[\u{e0100}-\u{e01ef}])[\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Octets in UTF-8 of a whole address (RFC 5321, 4.5.3.1.3 without the brackets of a path). */
const LONGEST_EMAIL = 254;
/** Two addresses must not differ by what nobody can see. The joiners belong into domains of some scripts: IDNA checks them. */
const UNSEEN_IN_EMAIL = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]/u;
const UNSEEN_IN_LOCAL_PART = /\p{Default_Ignorable_Code_Point}.*@/u;

const octetsOf = (text: string): number => new TextEncoder().encode(text).length;

/** Why a text is no e-mail address by RFC 5321 and RFC 6531; `null`: it is one. */
function emailFault(email: string): string | null {
  const code = analyzeEmail(email)?.code;
  if (code === 'LOCAL_TOO_LONG') return 'must have at most 64 octets before the @';
  if (code === 'ADDRESS_TOO_LONG' || octetsOf(email) > LONGEST_EMAIL)
    return `must have at most ${LONGEST_EMAIL} octets`;
  if (code !== undefined) return 'must be an e-mail address';
  const isUnseen = UNSEEN_IN_EMAIL.test(email.replace(/[\u200c\u200d]/g, '')) || UNSEEN_IN_LOCAL_PART.test(email);
  return isUnseen ? 'must not contain characters that cannot be seen' : null;
}

/** An e-mail address by RFC 5321 and RFC 6531, as typed in NFC: domains and local parts may have letters of any script. */
export const Email = z
  .string()
  .trim()
  .normalize('NFC')
  .max(LONGEST_EMAIL)
  .pipe(
    z.string().superRefine((email, context) => {
      const message = emailFault(email);
      if (message !== null) context.addIssue({ code: 'custom', message });
    }),
  )
  .meta({ format: 'idn-email' });

/** A name that every store can keep and a person can see whole. */
export const PlainName = Name.refine((name) => !/\p{Cs}/u.test(name), 'must be well-formed Unicode').refine(
  (name) => !UNSEEN.test(name),
  'must not contain characters that cannot be seen',
);

/**
 * The id by which another system, such as an ERP, knows a thing: unique in a project among things of one kind. Kept as sent, in
 * NFC and trimmed; case counts.
 */
export const ExternalId = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1, 'must not be empty')
  .max(128)
  .refine((id) => !/[\p{Cc}\p{Cs}]/u.test(id), 'must not contain control characters')
  .refine((id) => !UNSEEN.test(id), 'must not contain characters that cannot be seen')
  .meta({ examples: ['ERP-4711'] });

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** A name of the IANA time zone database, such as `Europe/Berlin`. */
export const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, 'must be the name of a time zone, such as Europe/Berlin')
  .refine(isTimeZone, { error: 'must be the name of a time zone, such as Europe/Berlin' });

import { z } from 'zod';
import { Id, Name } from '../http/common.js';

export const PartnerKindName = z.enum(['distributor', 'dealer', 'management_company']);
export const JoinRequestStatusName = z.enum(['open', 'approved', 'rejected']);
export const BillingModeName = z.enum(['prepaid', 'postpaid']);
export const GroupTypeName = z.enum(['company', 'building', 'unit', 'floor', 'apartment', 'custom']);
/** One of the roles (domain.md, Roles) but the server administrator's, or the id of a role of the tenant. */
export const RoleName = Id;

/** What is printed on the device; letters count as they are written. */
export const SerialNumber = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
    'must be 1 to 64 letters, digits, "_", ".", ":" or "-", and begin with a letter or digit',
  );

export const Email = z.string().trim().max(320).pipe(z.email('must be an e-mail address')).meta({ format: 'email' });

/** A name that every store can keep: no half of a character pair. */
export const PlainName = Name.regex(/^\P{Cs}*$/u, 'must be well-formed Unicode');

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

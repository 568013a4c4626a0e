import { z } from 'zod';
import { TimeZone } from '../groups/words.js';
import { Id, MAX_COUNT } from '../http/common.js';
import { AnchorDay, BillingIntervalName } from '../licensing/words.js';

/** `<seller>:<buyer>`: the vendor or a partner, and a partner or project. */
export const AccountId = z
  .string()
  .max(130)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}:[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be the id of an account')
  .meta({ examples: ['vendor:nordlicht'] });
export type AccountId = z.infer<typeof AccountId>;

export const SellerKindName = z.enum(['vendor', 'partner']);
export const BuyerKindName = z.enum(['partner', 'project']);
export const BasisName = z.enum([
  'peak',
  'sustained',
  'time_weighted',
  'daily_peak',
  'close',
  'entitled',
  'committed_plus_overage',
]);
export const LineTypeName = z.enum(['new', 'extend', 'add', 'usage', 'overage', 'trueup', 'correction', 'credit']);
export const DocumentKindName = z.enum(['statement', 'credit_note']);

/** A decimal number as text, such as `12.50`. */
export const DecimalText = z
  .string()
  .max(40)
  .regex(/^-?\d{1,18}(\.\d{1,12})?$/, 'must be a decimal number such as 12.50');
export const PriceText = DecimalText.refine((price) => !price.startsWith('-'), 'must not be negative');
export const CurrencyCode = z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as EUR');

/** The longest that `sustained` can ask for, in milliseconds: a year. */
const MAX_SUSTAINED_MS = 366 * 86_400_000;

const resourceShape = {
  basis: BasisName,
  /** Of `sustained`: for how long use counts. */
  sustainedMilliseconds: z.int().min(1).max(MAX_SUSTAINED_MS).nullable().default(null),
  /** For one unit and one billing period; `null`: quantities without amounts. */
  unitPrice: PriceText.nullable().default(null),
  /** Of `committed_plus_overage`: the units that are charged whether used or not. */
  committed: z.int().min(0).max(MAX_COUNT).nullable().default(null),
  /** Of `committed_plus_overage`: the excess is charged by the peak of such a period; `null`: by time, in each period. */
  trueUp: BillingIntervalName.nullable().default(null),
};

/** How one resource is charged. */
export const ResourceTermsOf = z.strictObject(resourceShape).superRefine((terms, context) => {
  const fault = (field: string, message: string): void =>
    void context.addIssue({ code: 'custom', path: [field], message });
  if ((terms.basis === 'sustained') !== (terms.sustainedMilliseconds !== null))
    fault('sustainedMilliseconds', 'is for the basis sustained, which needs it');
  if ((terms.basis === 'committed_plus_overage') !== (terms.committed !== null))
    fault('committed', 'is for the basis committed_plus_overage, which needs it');
  if (terms.trueUp !== null && terms.basis !== 'committed_plus_overage')
    fault('trueUp', 'is for the basis committed_plus_overage');
});

export const CalendarOf = z.strictObject({ interval: BillingIntervalName, anchorDay: AnchorDay, timeZone: TimeZone });

const byTime = { basis: 'time_weighted' } as const;

/** What a seller charges a buyer. */
export const AccountTermsOf = z.strictObject({
  /** ISO 4217; `null`: no amounts. */
  currency: CurrencyCode.nullable().default(null),
  /** Decimal places of the currency. */
  minorDigits: z.int().min(0).max(4).default(2),
  resources: z
    .strictObject({
      sip_number: ResourceTermsOf.prefault(byTime),
      mobile_app: ResourceTermsOf.prefault(byTime),
      ukey2: ResourceTermsOf.prefault(byTime),
    })
    .prefault({}),
  /** Of an account between partners; `null`: months in the zone of the buyer's first project. A project has its own. */
  calendar: CalendarOf.nullable().default(null),
});

export const PartyOf = z.object({ kind: z.enum(['vendor', 'partner', 'project']), id: Id.nullable() });

import { z } from 'zod';
import { Id } from '../http/common.js';
import { ResourceName } from '../licensing/words.js';
import { At } from '../reporting/requests.js';
import { AccountTermsOf, DecimalText } from './words.js';

/** `PUT /accounts/{a}/terms` */
export const AccountTermsRequest = AccountTermsOf.superRefine(({ currency, resources }, context) => {
  const isPriced = Object.values(resources).some(({ unitPrice }) => unitPrice !== null);
  if (isPriced && currency === null)
    context.addIssue({ code: 'custom', path: ['currency'], message: 'is required where there are prices' });
}).meta({
  examples: [
    {
      currency: 'EUR',
      minorDigits: 2,
      resources: {
        sip_number: { basis: 'time_weighted', unitPrice: '1.50' },
        mobile_app: { basis: 'committed_plus_overage', committed: 50, unitPrice: '0.80' },
        ukey2: { basis: 'peak', unitPrice: '2.00' },
      },
    },
  ],
});
export type AccountTermsRequest = z.infer<typeof AccountTermsRequest>;

/** A period is named by an instant in it, such as its beginning. */
const periods = { period: At.optional().meta({ examples: ['2026-06-01T00:00:00Z'] }) };

/** `GET /accounts/{a}/reconciliation`; default: the last period that is over. */
export const ReconciliationQuery = z.strictObject(periods);
export type ReconciliationQuery = z.infer<typeof ReconciliationQuery>;

export const PeriodQuery = periods;

/** `GET /statements/{s}`, and its files with rows for lines. */
export const StatementQuery = z.strictObject({
  splitBy: z
    .enum(['building'])
    .optional()
    .meta({ description: 'Split the lines of a project among its buildings', examples: ['building'] }),
});
export type StatementQuery = z.infer<typeof StatementQuery>;

const Reason = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(500)
  // A check and no pattern: generators of clients and of tests cannot read classes of Unicode.
  .refine((reason) => !/\p{Cc}/u.test(reason), 'must not contain control characters');

/** `POST /accounts/{a}/adjustments` */
export const AdjustmentRequest = z
  .strictObject({
    /** An instant in a period whose statement is issued. */
    period: At,
    line: z.strictObject({
      resource: ResourceName,
      projectId: Id.optional(),
      /** Units for the whole period, with a sign. */
      quantity: DecimalText,
      /** Default: the quantity at the price of the period. */
      amount: DecimalText.optional(),
    }),
    reason: Reason,
  })
  .meta({
    examples: [
      {
        period: '2026-06-01T00:00:00Z',
        line: { resource: 'sip_number', quantity: '-2', amount: '-3.00' },
        reason: 'Outage on June 12',
      },
    ],
  });
export type AdjustmentRequest = z.infer<typeof AdjustmentRequest>;

/** `POST /statements/{s}/credit-notes`; default: all lines. */
export const CreditNoteRequest = z
  .strictObject({
    reason: Reason,
    lines: z.array(z.int().min(1).max(1_000_000)).min(1).max(10_000).optional(),
  })
  .meta({ examples: [{ reason: 'Agreed with the dealer', lines: [1] }] });
export type CreditNoteRequest = z.infer<typeof CreditNoteRequest>;

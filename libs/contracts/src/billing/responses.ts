import { z } from 'zod';
import { Id, IsoInstant, pageOf } from '../http/common.js';
import { ResourceName } from '../licensing/words.js';
import {
  AccountId,
  AccountTermsOf,
  BasisName,
  BuyerKindName,
  CalendarOf,
  CurrencyCode,
  DocumentKindName,
  LineTypeName,
  PartyOf,
  SellerKindName,
} from './words.js';

/** A whole number as text, since it can exceed what a JSON number holds exactly. */
const integer = z.string().regex(/^-?\d+$/);
const period = z.object({ from: IsoInstant, until: IsoInstant });

export const AccountItem = z.object({
  accountId: AccountId,
  sellerKind: SellerKindName,
  /** `null`: the vendor. */
  sellerId: Id.nullable(),
  /** As the seller is called today; `null`: the vendor. */
  sellerName: z.string().nullable(),
  buyerKind: BuyerKindName,
  buyerId: Id,
  /** `null`: the service has not received the buyer yet. */
  buyerName: z.string().nullable(),
  /** Statements and credit notes so far. */
  documents: z.int().min(0),
});
export type AccountItem = z.infer<typeof AccountItem>;
export const AccountsPage = pageOf(AccountItem);

export const AccountAnswer = AccountItem.extend({
  /** In force in the current period. */
  terms: AccountTermsOf,
  /** What takes effect later; `null`: nothing. */
  pendingTerms: AccountTermsOf.extend({ effectiveFrom: IsoInstant }).nullable(),
  /** The calendar of the current period; `null`: the account has no periods. */
  calendar: CalendarOf.nullable(),
  currentPeriod: period.nullable(),
});
export type AccountAnswer = z.infer<typeof AccountAnswer>;

export const AccountTermsAnswer = AccountTermsOf.extend({
  accountId: AccountId,
  /** The beginning of the next period; of the first terms, that of the account. */
  effectiveFrom: IsoInstant,
});
export type AccountTermsAnswer = z.infer<typeof AccountTermsAnswer>;

export const StatementLine = z.object({
  line: z.int().min(1),
  type: LineTypeName,
  /** Of a correction or credit: the type of the line that it changes. */
  changes: LineTypeName.nullable(),
  projectId: Id.nullable(),
  resource: ResourceName,
  basis: z.enum([...BasisName.options, 'term']),
  servicePeriod: z.object({ from: IsoInstant, until: IsoInstant.nullable() }),
  unitMilliseconds: integer.nullable(),
  periodMilliseconds: integer.nullable(),
  /** Their quotient with six places; `null`: unlimited. */
  quantity: z.string().nullable(),
  peakAt: IsoInstant.nullable(),
  unitPrice: z.string().nullable(),
  amount: z.string().nullable(),
  eventIds: z.array(z.string()),
  reason: z.string().nullable(),
});

const head = {
  kind: DocumentKindName,
  accountId: AccountId,
  seller: PartyOf,
  buyer: PartyOf,
  period,
  timeZone: z.string(),
  currency: CurrencyCode.nullable(),
  minorDigits: z.int(),
  lines: z.array(StatementLine),
  total: z.string().nullable(),
};

/** The signed content of a statement or credit note. */
export const StatementContent = z.object({
  ...head,
  documentId: Id,
  number: z.int().min(1),
  creditOf: Id.nullable(),
  reason: z.string().nullable(),
  cutoff: z.object({ subject: z.string(), sequence: z.string() }).nullable(),
  previousHash: z.string().nullable(),
});

/** The part of a line that a building has. The parts of a line add up to it. */
export const StatementPart = z.object({
  line: z.int().min(1),
  /** `null`: use outside all buildings. */
  groupId: Id.nullable(),
  name: z.string().nullable(),
  unitMilliseconds: integer,
  quantity: z.string(),
  amount: z.string().nullable(),
});
export type StatementPart = z.infer<typeof StatementPart>;

/** A statement or credit note with the proof of its content. */
export const StatementAnswer = z.object({
  statementId: Id,
  final: z.literal(true),
  issuedAt: IsoInstant,
  content: StatementContent,
  /** SHA-256 of the canonical JSON (RFC 8785) of `content`. */
  hash: z.string(),
  /** A detached JWS (RFC 7797) of the canonical JSON, by a key of `GET /statement-keys`. */
  signature: z.string(),
  /** With `splitBy`: the parts of each line about use. They are no part of what is signed. */
  split: z.array(StatementPart).optional(),
});
export type StatementAnswer = z.infer<typeof StatementAnswer>;

/** The period that is under way, as it would be if it ended now. */
export const CurrentStatementAnswer = z.object({ ...head, final: z.literal(false), at: IsoInstant });
export type CurrentStatementAnswer = z.infer<typeof CurrentStatementAnswer>;

export const StatementItem = z.object({
  statementId: Id,
  kind: DocumentKindName,
  number: z.int().min(1),
  from: IsoInstant,
  until: IsoInstant,
  currency: CurrencyCode.nullable(),
  total: z.string().nullable(),
  hash: z.string(),
  issuedAt: IsoInstant,
});
export type StatementItem = z.infer<typeof StatementItem>;
export const StatementsPage = pageOf(StatementItem);

const totals = z.object({
  open: z.int(),
  close: z.int(),
  peak: z.int(),
  peakAt: IsoInstant,
  unitMs: integer,
  entitledMs: integer,
  unlimitedMs: integer,
  overageMs: integer,
});

/** The two computations of the periods of projects that end in the period asked for. */
export const ReconciliationAnswer = z.object({
  accountId: AccountId,
  projects: z.array(
    z.object({
      projectId: Id,
      periodId: z.string(),
      from: IsoInstant,
      until: IsoInstant,
      status: z.enum(['waiting', 'agreed', 'held']),
      /** The event with the control totals. */
      eventId: z.string(),
      /** The first instant at which the computations can differ; `null`: they do not. */
      divergesAt: IsoInstant.nullable(),
      resources: z.array(
        z.object({
          resource: ResourceName,
          ours: totals.nullable(),
          control: totals,
          differences: z.array(z.string()),
        }),
      ),
    }),
  ),
});
export type ReconciliationAnswer = z.infer<typeof ReconciliationAnswer>;

export const AdjustmentAnswer = z.object({ adjustmentId: Id, accountId: AccountId, period });
export type AdjustmentAnswer = z.infer<typeof AdjustmentAnswer>;

/** A set of public keys (RFC 7517). */
export const StatementKeysAnswer = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      use: z.literal('sig'),
      alg: z.literal('EdDSA'),
    }),
  ),
});
export type StatementKeysAnswer = z.infer<typeof StatementKeysAnswer>;

import type { DocumentContent, LineContent, LineType } from '@allotree/domain';

/** A value of a FOCUS column; `null` is an empty field. */
type Cell = string | null;

interface Row {
  readonly content: DocumentContent;
  readonly line: LineContent;
}

/** No currency, by ISO 4217: FOCUS does not allow an empty one. */
const NO_CURRENCY = 'XXX';
/** FOCUS wants an end. */
const NEVER = '9999-12-31T00:00:00.000Z';

const PURCHASES: readonly LineType[] = ['new', 'add', 'extend'];

const partyOf = ({ seller: { kind, id } }: DocumentContent): string => (kind === 'vendor' ? 'Vendor' : id!);

function categoryOf({ type, changes }: LineContent): string {
  if (type === 'credit') return 'Credit';
  return PURCHASES.includes(changes ?? type) ? 'Purchase' : 'Usage';
}

function frequencyOf(line: LineContent): string {
  if (categoryOf(line) === 'Usage')
    return line.basis === 'committed_plus_overage' && line.type === 'usage' ? 'Recurring' : 'Usage-Based';
  return 'One-Time';
}

const NAMES = { sip_number: 'Virtual numbers', mobile_app: 'Mobile apps', ukey2: 'UKEY2' } as const;

const descriptionOf = ({ type, resource, basis, projectId, reason }: LineContent): string =>
  [`${NAMES[resource]}: ${type}, ${basis}`, projectId === null ? null : `project ${projectId}`, reason]
    .filter((part) => part !== null)
    .join('; ');

const costOf = ({ amount }: LineContent): string => amount ?? '0';
const ifUsage = (line: LineContent, value: Cell): Cell => (categoryOf(line) === 'Usage' ? value : null);

/**
 * The columns of FOCUS 1.2 (FinOps Open Cost and Usage Specification) and how each follows from a line: the 21 mandatory ones, those
 * that this system can say something about, and its own, which begin with `x_`. Prices have no list and no discounts, so the four costs are equal.
 */
export const FOCUS_COLUMNS: Readonly<Record<string, (row: Row) => Cell>> = {
  BilledCost: ({ line }) => costOf(line),
  BillingAccountId: ({ content }) => content.accountId,
  BillingAccountName: ({ content }) => content.accountId,
  BillingAccountType: ({ content }) => content.buyer.kind,
  BillingCurrency: ({ content }) => content.currency ?? NO_CURRENCY,
  BillingPeriodEnd: ({ content }) => content.period.until,
  BillingPeriodStart: ({ content }) => content.period.from,
  ChargeCategory: ({ line }) => categoryOf(line),
  ChargeClass: ({ line }) => (line.type === 'correction' || line.type === 'credit' ? 'Correction' : null),
  ChargeDescription: ({ line }) => descriptionOf(line),
  ChargeFrequency: ({ line }) => frequencyOf(line),
  ChargePeriodEnd: ({ line }) => line.servicePeriod.until ?? NEVER,
  ChargePeriodStart: ({ line }) => line.servicePeriod.from,
  ConsumedQuantity: ({ line }) => ifUsage(line, line.quantity),
  ConsumedUnit: ({ line }) => ifUsage(line, NAMES[line.resource]),
  ContractedCost: ({ line }) => costOf(line),
  ContractedUnitPrice: ({ line }) => line.unitPrice,
  EffectiveCost: ({ line }) => costOf(line),
  InvoiceId: ({ content }) => content.documentId,
  InvoiceIssuerName: ({ content }) => partyOf(content),
  ListCost: ({ line }) => costOf(line),
  ListUnitPrice: ({ line }) => line.unitPrice,
  PricingCategory: () => 'Standard',
  PricingCurrency: ({ content }) => content.currency ?? NO_CURRENCY,
  PricingQuantity: ({ line }) => line.quantity,
  PricingUnit: ({ line }) => NAMES[line.resource],
  ProviderName: () => 'Allotree',
  PublisherName: () => 'Allotree',
  ResourceId: ({ line }) => line.projectId,
  ResourceType: ({ line }) => (line.projectId === null ? null : 'project'),
  ServiceCategory: () => 'Other',
  ServiceName: () => 'Intercom licenses',
  ServiceSubcategory: () => 'Other (Other)',
  SkuId: ({ line }) => line.resource,
  SkuPriceId: ({ line }) => (line.unitPrice === null ? null : `${line.resource}:${line.basis}`),
  SubAccountId: ({ line }) => line.projectId,
  x_Line: ({ line }) => String(line.line),
  x_LineType: ({ line }) => line.type,
  x_Basis: ({ line }) => line.basis,
  x_UnitMilliseconds: ({ line }) => line.unitMilliseconds,
  x_PeriodMilliseconds: ({ line }) => line.periodMilliseconds,
  x_DocumentNumber: ({ content }) => String(content.number),
};

/** The header and a row for each line. */
export const focusRows = (content: DocumentContent): Cell[][] => [
  Object.keys(FOCUS_COLUMNS),
  ...content.lines.map((line) => Object.values(FOCUS_COLUMNS).map((column) => column({ content, line }))),
];

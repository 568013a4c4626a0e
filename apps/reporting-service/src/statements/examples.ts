import type {
  AccountAnswer,
  AccountItem,
  CurrentStatementAnswer,
  ReconciliationAnswer,
  StatementAnswer,
  StatementItem,
} from '@allotree/contracts';

const PERIOD = { from: '2026-05-31T22:00:00.000Z', until: '2026-06-30T22:00:00.000Z' };
const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const STATEMENT_ID = '7d0c2c52-2a0e-5a3a-8d0f-6a1d3f0e9b11';
const BY_TIME = {
  basis: 'time_weighted',
  sustainedMilliseconds: null,
  unitPrice: null,
  committed: null,
  trueUp: null,
} as const;
const TERMS = {
  currency: 'EUR',
  minorDigits: 2,
  resources: { sip_number: { ...BY_TIME, unitPrice: '1.50' }, mobile_app: BY_TIME, ukey2: BY_TIME },
  calendar: null,
};

export const ACCOUNT_ITEM_EXAMPLE: AccountItem = {
  accountId: 'nordlicht:hafenblick',
  sellerKind: 'partner',
  sellerId: 'nordlicht',
  sellerName: 'Nordlicht',
  buyerKind: 'project',
  buyerId: 'hafenblick',
  buyerName: 'Hafenblick',
  documents: 6,
};

export const ACCOUNT_EXAMPLE: AccountAnswer = {
  ...ACCOUNT_ITEM_EXAMPLE,
  terms: TERMS,
  pendingTerms: null,
  calendar: { interval: 'P1M', anchorDay: 1, timeZone: 'Europe/Berlin' },
  currentPeriod: PERIOD,
};

export const TERMS_EXAMPLE = {
  request: { currency: 'EUR', resources: { sip_number: { basis: 'time_weighted', unitPrice: '1.50' } } },
  answer: { ...TERMS, accountId: 'nordlicht:hafenblick', effectiveFrom: PERIOD.until },
};

const LINE: StatementAnswer['content']['lines'][number] = {
  line: 1,
  type: 'usage',
  changes: null,
  projectId: 'hafenblick',
  resource: 'sip_number',
  basis: 'time_weighted',
  servicePeriod: PERIOD,
  unitMilliseconds: '207360000000',
  periodMilliseconds: '2592000000',
  quantity: '80.000000',
  peakAt: null,
  unitPrice: '1.50',
  amount: '120.00',
  eventIds: ['5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11'],
  reason: null,
};

const HEAD = {
  kind: 'statement',
  accountId: 'nordlicht:hafenblick',
  seller: { kind: 'partner', id: 'nordlicht' },
  buyer: { kind: 'project', id: 'hafenblick' },
  period: PERIOD,
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  minorDigits: 2,
  lines: [LINE],
  total: '120.00',
} as const;

export const CURRENT_EXAMPLE: CurrentStatementAnswer = {
  ...HEAD,
  lines: [LINE],
  final: false,
  at: '2026-06-15T08:00:00.000Z',
};

export const STATEMENT_EXAMPLE: StatementAnswer = {
  statementId: STATEMENT_ID,
  final: true,
  issuedAt: '2026-06-30T22:00:02.000Z',
  content: {
    ...HEAD,
    lines: [LINE],
    documentId: STATEMENT_ID,
    number: 6,
    creditOf: null,
    reason: null,
    cutoff: null,
    previousHash: HASH,
  },
  hash: HASH,
  signature: 'eyJhbGciOiJFZERTQSIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..c2lnbmF0dXJl',
};

const CREDIT_LINE = {
  ...LINE,
  type: 'credit',
  changes: 'usage',
  unitMilliseconds: '-207360000000',
  quantity: '-80.000000',
  amount: '-120.00',
  reason: 'Agreed with the dealer',
} as const;

export const CREDIT_NOTE_EXAMPLE: StatementAnswer = {
  ...STATEMENT_EXAMPLE,
  statementId: '8e0c2c52-2a0e-5a3a-8d0f-6a1d3f0e9b12',
  content: {
    ...STATEMENT_EXAMPLE.content,
    kind: 'credit_note',
    documentId: '8e0c2c52-2a0e-5a3a-8d0f-6a1d3f0e9b12',
    number: 7,
    lines: [CREDIT_LINE],
    total: '-120.00',
    creditOf: STATEMENT_ID,
    reason: 'Agreed with the dealer',
  },
};

export const STATEMENT_ITEM_EXAMPLE: StatementItem = {
  statementId: STATEMENT_ID,
  kind: 'statement',
  number: 6,
  ...PERIOD,
  currency: 'EUR',
  total: '120.00',
  hash: HASH,
  issuedAt: '2026-06-30T22:00:02.000Z',
};

const TOTALS = {
  open: 80,
  close: 80,
  peak: 80,
  peakAt: PERIOD.from,
  unitMs: '207360000000',
  entitledMs: '0',
  unlimitedMs: '0',
  overageMs: '207360000000',
};

export const RECONCILIATION_EXAMPLE: ReconciliationAnswer = {
  accountId: 'nordlicht:hafenblick',
  projects: [
    {
      projectId: 'hafenblick',
      periodId: `hafenblick:${PERIOD.from}`,
      ...PERIOD,
      status: 'agreed',
      eventId: '5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11',
      divergesAt: null,
      resources: [{ resource: 'sip_number', ours: TOTALS, control: TOTALS, differences: [] }],
    },
  ],
};

import type { Provider, Type } from '@nestjs/common';
import { AccountAccess } from './account-access.js';
import { AccountLists } from './account-lists.js';
import { Accounts } from './accounts.js';
import { AccountsController } from './accounts.controller.js';
import { BillingOutbox } from './billing-outbox.js';
import { Documents } from './documents.js';
import { IssuedDocuments } from './issued-documents.js';
import { Reconciliation } from './reconciliation.js';
import { SplitByBuilding } from './split-by-building.js';
import { SigningKey } from './signing-key.js';
import { StatementIssuer } from './statement-issuer.js';
import { StatementKeysController } from './statement-keys.controller.js';
import { StatementsController } from './statements.controller.js';

export { heldPeriods } from './held-periods.js';

/** The routes about what sellers bill buyers. */
export const STATEMENT_CONTROLLERS: readonly Type[] = [
  AccountsController,
  StatementsController,
  StatementKeysController,
];

export const STATEMENT_PROVIDERS: readonly Provider[] = [
  SigningKey,
  Documents,
  BillingOutbox,
  StatementIssuer,
  AccountAccess,
  AccountLists,
  Accounts,
  IssuedDocuments,
  Reconciliation,
  SplitByBuilding,
];

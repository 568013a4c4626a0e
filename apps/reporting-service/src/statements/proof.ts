export { verifyAccounts, type Fault, type VerifiedAccount } from './verification.js';
export type { Rows } from './rows.js';

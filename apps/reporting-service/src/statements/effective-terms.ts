import { DEFAULT_ACCOUNT_TERMS, type AccountTerms, type Instant } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import type { Rows } from './rows.js';

/** Terms as a seller set them. */
export interface TermsVersion {
  readonly effectiveFrom: Instant;
  readonly terms: AccountTerms;
}

/** All terms of some accounts, each in the order in which they were set. */
export class EffectiveTerms {
  private constructor(private readonly versions: ReadonlyMap<string, readonly TermsVersion[]>) {}

  static async of(rows: Rows, accountIds: readonly string[]): Promise<EffectiveTerms> {
    const found = await rows.query<{ account_id: string; effective_from: Date; terms: AccountTerms }>(
      `SELECT account_id, effective_from, terms FROM ${REPORTING}.account_terms WHERE account_id = ANY ($1) ORDER BY version`,
      [accountIds],
    );
    const versions = new Map<string, TermsVersion[]>();
    for (const { account_id, effective_from, terms } of found)
      versions.set(account_id, [
        ...(versions.get(account_id) ?? []),
        { effectiveFrom: effective_from.getTime(), terms },
      ]);
    return new EffectiveTerms(versions);
  }

  /** Whether any were ever set. */
  has(accountId: string): boolean {
    return this.versions.has(accountId);
  }

  /** Those in force at an instant: of several with one beginning, the last that was set. */
  at(accountId: string, instant: Instant): TermsVersion {
    const version = this.versions.get(accountId)?.findLast(({ effectiveFrom }) => effectiveFrom <= instant);
    return version ?? { effectiveFrom: 0, terms: DEFAULT_ACCOUNT_TERMS };
  }

  /** Those that take effect after an instant; `null`: none. */
  after(accountId: string, instant: Instant): TermsVersion | null {
    return this.versions.get(accountId)?.findLast(({ effectiveFrom }) => effectiveFrom > instant) ?? null;
  }
}

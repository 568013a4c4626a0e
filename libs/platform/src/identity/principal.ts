import type { Permission } from '@allotree/contracts';

export type { Permission };

/**
 * Who a request comes from. What somebody may do is not written here: every service finds it in its own view of memberships
 * (`reach.ts`), so that a membership that is revoked ends at once and not with a token.
 */
export interface Principal {
  readonly userId: string;
  /** `null`: a machine. */
  readonly email: string | null;
  /** A machine: the tenant its key belongs to. `null`: a person, who belongs to no tenant (P3). */
  readonly tenantId: string | null;
  /** The vendor or host: may everything, everywhere. */
  readonly serverAdministrator: boolean;
  /** `null`: not a session of a person. */
  readonly sessionId: string | null;
  /**
   * A machine: its permissions, in the whole of its tenant. `madeBy`: the person whose own permissions there bound those of
   * the key (P2); absent: the vendor.
   */
  readonly apiKey: {
    readonly keyId: string;
    readonly permissions: readonly Permission[];
    readonly madeBy?: string;
  } | null;
}

/** One of the parts of the system itself, such as `group-service`: may everything. */
export const ownService = (userId: string, email: string | null = null): Principal => ({
  userId,
  email,
  tenantId: null,
  serverAdministrator: true,
  sessionId: null,
  apiKey: null,
});

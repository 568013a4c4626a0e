import type { Permission } from '@allotree/contracts';

export type { Permission };

/**
 * The caller of a request. Permissions are not part of it: every service finds them in its own view of memberships (`permission-checker.ts`), so that a
 * revoked membership ends at once and not with a token.
 */
export interface Principal {
  readonly userId: string;
  /** `null`: a machine. */
  readonly email: string | null;
  /** A machine: the tenant its key belongs to. `null`: a person, who belongs to no tenant (P3). */
  readonly tenantId: string | null;
  /** The vendor or host: holds every permission everywhere. */
  readonly serverAdministrator: boolean;
  /** `null`: not a session of a person. */
  readonly sessionId: string | null;
  /**
   * A machine: its permissions, in the whole of its tenant. `madeBy`: the person whose own permissions there limit those of the key (P2);
   * absent: the vendor.
   */
  readonly apiKey: {
    readonly keyId: string;
    readonly permissions: readonly Permission[];
    readonly madeBy?: string;
  } | null;
}

/** A part of the system itself, such as `group-service`, which holds every permission. */
export const ownService = (userId: string, email: string | null = null): Principal => ({
  userId,
  email,
  tenantId: null,
  serverAdministrator: true,
  sessionId: null,
  apiKey: null,
});

import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { RegistrationRequest } from '@allotree/contracts';
import { PG_POOL } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type pg from 'pg';
import { JoinCodes } from '../../../partners/join-codes.js';
import { JoinRequests } from '../../../partners/join-requests.js';
import { PartnerRegistration } from '../../../partners/registration.js';
import { Partners } from '../../../partners/partners.js';
import { userIdOf } from '../../users.js';
import { Accounts, commandIdOf } from '../accounts.js';
import { GuardedSignIn } from '../../sessions/guarded-sign-in.js';
import { hashOf } from '../../secrets.js';
import type { SessionOwner } from '../../sessions/sessions.js';
import { contextOf, type Visitor } from '../../visitor.js';

export type RegistrationDetails = Omit<RegistrationRequest, 'joinCode'>;

/** The distributor that a registration asks to join, and the hash of the code that named it. */
export interface Joining {
  readonly distributorId: string;
  readonly codeHash: Buffer;
}

export interface PendingRegistration {
  readonly registrationId: string;
  readonly details: RegistrationDetails;
  readonly joining: Joining | null;
  readonly confirmedAt: Date | null;
}

export interface CompletedRegistration {
  readonly owner: SessionOwner;
  /** The tenant in which the registrant is an administrator from now on. `null`: the distributor has not approved yet. */
  readonly tenantId: string | null;
  readonly partnerId: string | null;
  readonly projectId: string | null;
  readonly joinRequestId: string | null;
}

/** Undecided requests per distributor; more are refused, so that a leaked join code cannot flood its list. */
const MAX_OPEN_REQUESTS = 200;

/** Salted with the registration's id, which is in no mail. */
export const codeHashOf = (registrationId: string, code: string): Buffer =>
  createHash('sha256').update(`${registrationId}\n${code}`).digest();

/** Creates the registered partner or request. All ids derive from the registration id, so it is idempotent. */
@Injectable()
export class CompleteRegistration {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly partners: Partners,
    private readonly registration: PartnerRegistration,
    private readonly codes: JoinCodes,
    private readonly requests: JoinRequests,
    private readonly accounts: Accounts,
    private readonly signIn: GuardedSignIn,
  ) {}

  /**
   * The distributor a join code belongs to; a wrong code counts as a guess of its network.
   * @throws Problem `VALIDATION`, `RATE_LIMITED`
   */
  async joining(joinCode: string | undefined, visitor: Visitor): Promise<Joining | null> {
    if (joinCode === undefined) return null;
    const codeHash = hashOf(joinCode);
    const distributorId = await this.signIn.guess(visitor, () => this.codes.distributorOf(codeHash));
    if (distributorId === null)
      throw Problem.validation('joinCode', 'is not a valid join code; ask the distributor for the current one');
    return { distributorId, codeHash };
  }

  /** @throws Problem when refused */
  async complete(pending: PendingRegistration, visitor: Visitor): Promise<CompletedRegistration> {
    const { registrationId, details, joining } = pending;
    const { email, name, timeZone, language } = details;
    const userId = userIdOf(email);
    const context = contextOf(commandIdOf('register', registrationId), `user:${userId}`, null, visitor.correlationId);
    const made = joining === null ? await this.register(pending, context) : await this.ask(pending, joining, context);
    await this.accounts.open({ userId, email, name, timeZone, language }, context);
    return { owner: { userId, email, serverAdministrator: false }, ...made };
  }

  /** A partner of its own tenant (P1). */
  private async register(
    pending: PendingRegistration,
    context: Context,
  ): Promise<Omit<CompletedRegistration, 'owner'>> {
    const facts = factsOf(pending);
    const command = { type: 'RegisterPartner', ...facts, parent: null } as const;
    const { partner } = await this.registration.register(command, context);
    const { partnerId, tenantId } = partner;
    return { tenantId, partnerId, projectId: facts.project.projectId, joinRequestId: null };
  }

  private async ask(
    pending: PendingRegistration,
    { distributorId, codeHash }: Joining,
    context: Context,
  ): Promise<Omit<CompletedRegistration, 'owner'>> {
    if (pending.confirmedAt === null) await this.stillInvited(distributorId, codeHash);
    const requestId = pending.registrationId;
    const { tenantId } = await this.partners.partner(distributorId);
    const command = { type: 'RequestJoin', requestId, distributorId, tenantId, ...factsOf(pending) } as const;
    await this.requests.run(command, { context, dryRun: false });
    return { tenantId: null, partnerId: null, projectId: null, joinRequestId: requestId };
  }

  /** A join code that was changed since is refused. */
  private async stillInvited(distributorId: string, codeHash: Buffer): Promise<void> {
    if ((await this.codes.distributorOf(codeHash)) !== distributorId)
      throw new Problem(
        'CODE_NOT_VALID',
        'The distributor has changed its join code. Register again with the current one.',
      );
    const { rows } = await this.pool.query<{ open: number }>(
      `SELECT count(*)::integer AS open FROM groups.join_request WHERE distributor_id = $1 AND status = 'open'`,
      [distributorId],
    );
    if ((rows[0]?.open ?? 0) < MAX_OPEN_REQUESTS) return;
    throw new Problem('RATE_LIMITED', 'The distributor has too many undecided requests. Try again later.', {
      retryAfterSeconds: 3_600,
    });
  }
}

type Context = ReturnType<typeof contextOf>;

const factsOf = ({ registrationId, details }: PendingRegistration) => ({
  partnerId: commandIdOf('partner', registrationId),
  kind: details.kind,
  name: details.partnerName,
  administrator: { administratorId: userIdOf(details.email), name: details.name, email: details.email },
  project: { projectId: commandIdOf('project', registrationId), name: details.objectName, timeZone: details.timeZone },
});

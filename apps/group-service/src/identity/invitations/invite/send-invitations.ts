import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { InviteRequest } from '@allotree/contracts';
import { inTransaction, PG_POOL } from '@allotree/basics';
import type { Caller, Principal } from '@allotree/http';
import { rehearse } from '@allotree/read-models';
import type pg from 'pg';
import { userIdOf } from '../../users.js';
import { AccountMails } from '../../mails/account-mails.js';
import { Accounts } from '../../accounts/accounts.js';
import { MailQuotas } from '../../mails/mail-quotas.js';
import { invitationMail, withEnd } from '../../mails/mails.js';
import { hashOf, newSecret } from '../../secrets.js';

export interface InvitedPlace {
  readonly tenantId: string;
  readonly projectId: string;
  readonly project: string;
  readonly groupId: string;
  readonly group: string;
}

type Invited = InviteRequest['invitations'][number];

const GOOD_FOR_DAYS = 7;

/** Records invitations and their mails in one transaction; one that is open to the same group is replaced. */
@Injectable()
export class SendInvitations {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly accounts: Accounts,
    private readonly mails: AccountMails,
    private readonly quotas: MailQuotas,
  ) {}

  /** The ids of the invitations, in their order; of a dry run nothing is kept. @throws Problem `RATE_LIMITED` for too many of the caller or tenant */
  async send(place: InvitedPlace, invited: readonly Invited[], caller: Caller): Promise<string[]> {
    const { principal, context, dryRun } = caller;
    const inviter = await this.inviter(principal);
    const people = await Promise.all(
      invited.map(async (one) => {
        const userId = userIdOf(one.email);
        // Somebody who has no account yet most likely speaks the language of the inviter.
        const language = (await this.accounts.facts(userId))?.language ?? inviter.language;
        return { ...one, userId, language, token: newSecret() };
      }),
    );
    const transaction = (work: (tx: pg.PoolClient) => Promise<string[]>) => inTransaction(this.pool, work);
    const ids = await rehearse(dryRun, transaction, async (tx) => {
      await this.quotas.ofInvitations(tx, principal, { tenantId: place.tenantId, number: people.length });
      const recorded = await record(tx, place, people, principal);
      await tx.query(
        `INSERT INTO groups.audit (tenant_id, actor, action, user_id, facts)
         SELECT $1, $2, 'invited', user_id, jsonb_build_object('projectId', $3::text, 'groupId', $4::text, 'role', role)
         FROM unnest($5::text[], $6::text[]) AS given(user_id, role)`,
        [
          place.tenantId,
          context.actor,
          place.projectId,
          place.groupId,
          people.map(({ userId }) => userId),
          people.map(({ role }) => role),
        ],
      );
      const mails = people.map(({ email, name, language, role, token }) =>
        invitationMail({ email, name, language }, token, {
          inviter: inviter.name,
          role,
          group: place.group,
          project: place.project,
        }),
      );
      const end = new Date(Date.now() + GOOD_FOR_DAYS * 24 * 3_600_000);
      await this.mails.put(
        tx,
        mails.map((mail) => withEnd(mail, end)),
      );
      return recorded;
    });
    if (!dryRun) this.mails.handOverSoon();
    return ids;
  }

  private async inviter({ userId, email }: Principal): Promise<{ name: string | null; language: string }> {
    const facts = await this.accounts.facts(userId);
    return { name: facts?.name ?? email, language: facts?.language ?? 'en' };
  }
}

async function record(
  tx: pg.PoolClient,
  { tenantId, projectId, groupId }: InvitedPlace,
  people: readonly (Invited & { readonly userId: string; readonly token: string })[],
  inviter: Principal,
): Promise<string[]> {
  const { rows } = await tx.query<{ invitation_id: string }>(
    `INSERT INTO groups.invitation
       (invitation_id, tenant_id, project_id, group_id, user_id, email, name, role, inviter, token_hash, expires_at)
     SELECT id, $1, $2, $3, user_id, email, name, role, $4, token_hash, now() + make_interval(days => $5)
     FROM unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[])
       AS given(id, user_id, email, name, role, token_hash)
     ON CONFLICT (project_id, group_id, user_id) WHERE accepted_at IS NULL AND revoked_at IS NULL
     DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role, inviter = excluded.inviter,
       token_hash = excluded.token_hash, invited_at = now(), expires_at = excluded.expires_at
     RETURNING invitation_id`,
    [
      tenantId,
      projectId,
      groupId,
      JSON.stringify(inviter),
      GOOD_FOR_DAYS,
      people.map(() => randomUUID()),
      people.map(({ userId }) => userId),
      people.map(({ email }) => email),
      people.map(({ name }) => name),
      people.map(({ role }) => role),
      people.map(({ token }) => hashOf(token)),
    ],
  );
  return rows.map((row) => row.invitation_id);
}

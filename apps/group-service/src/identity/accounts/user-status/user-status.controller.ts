import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, Id, UserStatusRequest, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { IdentityView, refusedUser } from '@allotree/identity';
import { z } from 'zod';
import { Accounts } from '../accounts.js';
import { Sessions } from '../../sessions/sessions.js';

const UserPath = z.object({ userId: Id });
type UserPath = z.infer<typeof UserPath>;

/** Whether an account can sign in, regardless of its memberships. */
@Controller('users/:userId')
export class UserStatusController {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly view: IdentityView,
  ) {}

  @Documented({
    tag: 'Identity',
    summary: 'Deactivate an account: its sessions end, and sign-in is refused',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('system:manage')
  @HttpCode(204)
  @Post('deactivate')
  async deactivate(
    @Param({ schema: UserPath }) { userId }: UserPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: UserStatusRequest }) { reason }: UserStatusRequest,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const command = { type: 'DeactivateUser', userId, reason } as const;
    if (caller.dryRun) return preview(caller, await this.accounts.wouldRecord(command, caller.context));
    await this.accounts.run(command, caller.context);
    await this.view.refuse([refusedUser(userId, false)]);
    await this.sessions.revoke(userId);
    return undefined;
  }

  @Documented({
    tag: 'Identity',
    summary: 'Reactivate a deactivated account',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('system:manage')
  @HttpCode(204)
  @Post('reinstate')
  async reinstate(
    @Param({ schema: UserPath }) { userId }: UserPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: UserStatusRequest }) { reason }: UserStatusRequest,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const command = { type: 'ReinstateUser', userId, reason } as const;
    if (caller.dryRun) return preview(caller, await this.accounts.wouldRecord(command, caller.context));
    await this.accounts.run(command, caller.context);
    await this.view.refuse([refusedUser(userId, true)]);
    return undefined;
  }
}

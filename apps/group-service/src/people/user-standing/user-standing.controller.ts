import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { Id, UserStandingRequest } from '@allotree/contracts';
import { Caller, Documented, IdentityView, Permit, refusedUser } from '@allotree/platform';
import { z } from 'zod';
import { Accounts } from '../accounts.js';
import { Sessions } from '../sessions.js';

const UserPath = z.object({ userId: Id });
type UserPath = z.infer<typeof UserPath>;

/** Whether somebody may come in at all, whatever the memberships. */
@Controller('users/:userId')
export class UserStandingController {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly view: IdentityView,
  ) {}

  @Documented({
    tag: 'Identity',
    summary: 'Deactivate an account: its sessions end, and nobody signs in with it',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
  })
  @Permit('system:manage')
  @HttpCode(204)
  @Post('deactivate')
  async deactivate(
    @Param({ schema: UserPath }) { userId }: UserPath,
    @Body({ schema: UserStandingRequest }) { reason }: UserStandingRequest,
    @Caller() { context }: Caller,
  ): Promise<void> {
    await this.accounts.run({ type: 'DeactivateUser', userId, reason }, context);
    await this.view.refuse([refusedUser(userId, false)]);
    await this.sessions.revoke(userId);
  }

  @Documented({
    tag: 'Identity',
    summary: 'Let somebody whose account was deactivated sign in again',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
  })
  @Permit('system:manage')
  @HttpCode(204)
  @Post('reinstate')
  async reinstate(
    @Param({ schema: UserPath }) { userId }: UserPath,
    @Body({ schema: UserStandingRequest }) { reason }: UserStandingRequest,
    @Caller() { context }: Caller,
  ): Promise<void> {
    await this.accounts.run({ type: 'ReinstateUser', userId, reason }, context);
    await this.view.refuse([refusedUser(userId, true)]);
  }
}

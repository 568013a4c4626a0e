import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { RegistrationRequest } from '@allotree/contracts';
import { followUp } from '@allotree/event-sourcing';
import { accepted, Problem } from '@allotree/platform';
import type pg from 'pg';
import { Partners } from '../../partners.js';
import { detailOf } from '../../refusals.js';
import { createRegisteredProject } from '../../registered-project.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../../tokens.js';
import { Trees } from '../../trees.js';
import { userIdOf } from '../../users.js';
import { Accounts, commandIdOf } from '../accounts.js';
import type { SessionOwner } from '../sessions.js';
import { contextOf, type Visitor } from '../visitor.js';

export type Wish = Omit<RegistrationRequest, 'password'>;

export interface PendingRegistration {
  readonly registrationId: string;
  readonly wish: Wish;
  readonly passwordHash: string;
  readonly confirmedAt: Date | null;
}

export interface CarriedOut {
  readonly owner: SessionOwner;
  readonly tenantId: string;
  readonly partnerId: string;
  readonly projectId: string;
}

/** Salted with the registration's id, which is in no mail. */
export const codeHashOf = (registrationId: string, code: string): Buffer =>
  createHash('sha256').update(`${registrationId}\n${code}`).digest();

/** Makes what was registered. All ids follow from the registration's, so doing it again changes nothing. */
@Injectable()
export class CarryOutRegistration {
  constructor(
    @Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler,
    private readonly partners: Partners,
    private readonly trees: Trees,
    private readonly accounts: Accounts,
  ) {}

  /** Who may stand below whom is decided when the partner is made; asked before, so that nobody registers in vain. */
  async checkParent({ kind, parentPartnerCode }: Wish): Promise<void> {
    const isTop = kind === 'distributor';
    if (isTop && parentPartnerCode !== undefined)
      throw Problem.validation('parentPartnerCode', 'a distributor has no partner above it');
    if (isTop) return;
    if (parentPartnerCode === undefined)
      throw Problem.validation('parentPartnerCode', `a ${kind} belongs to a distributor: ask it for its code`);
    const parent = await this.partners.find(parentPartnerCode);
    if (parent?.kind !== 'distributor')
      throw Problem.validation('parentPartnerCode', 'is not the code of a distributor');
  }

  async carryOut(
    tx: pg.PoolClient,
    { registrationId, wish, passwordHash }: PendingRegistration,
    { correlationId }: Visitor,
  ): Promise<CarriedOut> {
    const { email, name, timeZone, language } = wish;
    const userId = userIdOf(email);
    const partnerId = commandIdOf('partner', registrationId);
    const context = contextOf(commandIdOf('register', registrationId), `user:${userId}`, null, correlationId);
    const parent = wish.parentPartnerCode === undefined ? null : await this.partners.partner(wish.parentPartnerCode);
    const project = { projectId: commandIdOf('project', registrationId), name: wish.objectName, timeZone };
    const command = {
      type: 'RegisterPartner',
      partnerId,
      kind: wish.kind,
      name: wish.partnerName,
      parent,
      administrator: { administratorId: userId, name, email },
      project,
    } as const;
    accepted(await this.handler.execute(partnerId, command, context), detailOf);
    const partner = await this.partners.partner(partnerId);
    const creation = createRegisteredProject(partner);
    if (creation) await this.trees.run(creation, { context: followUp(context, 'project'), dryRun: false });
    const { tenantId } = partner;
    await this.accounts.open(tx, { userId, email, name, timeZone, language }, passwordHash, context);
    return {
      owner: { userId, email, serverAdministrator: false },
      tenantId,
      partnerId,
      projectId: project.projectId,
    };
  }
}

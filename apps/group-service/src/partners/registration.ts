import { Inject, Injectable } from '@nestjs/common';
import type { JoinRequestFacts, PartnerCommand, PartnerEvent, PartnerFacts, TreeEvent } from '@allotree/domain';
import { followUp, type CommandContext } from '@allotree/event-sourcing';
import { accepted } from '@allotree/http';
import { Partners } from './partners.js';
import { detailOf } from '../refusals.js';
import { createRegisteredProject } from './registered-project.js';
import { PARTNER_HANDLER, type PartnerHandler } from '../tokens.js';
import { Trees } from '../groups/trees.js';

type RegisterPartner = Extract<PartnerCommand, { type: 'RegisterPartner' }>;

/** Registers a partner with the project it brings along; repeated, it changes nothing. */
@Injectable()
export class PartnerRegistration {
  constructor(
    @Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler,
    private readonly partners: Partners,
    private readonly trees: Trees,
  ) {}

  /** @throws Problem when refused */
  async register(
    command: RegisterPartner,
    context: CommandContext,
  ): Promise<{ readonly partner: PartnerFacts; readonly revision: number }> {
    const { partnerId } = command;
    const { revision } = accepted(await this.handler.execute(partnerId, command, context), detailOf);
    const partner = await this.partners.partner(partnerId);
    const creation = createRegisteredProject(partner);
    if (creation) await this.trees.run(creation, { context: followUp(context, 'project'), dryRun: false });
    return { partner, revision };
  }

  /** The events of the registration, and of the project that would follow from it. @throws Problem when refused */
  async wouldRegister(
    command: RegisterPartner,
    context: CommandContext,
  ): Promise<readonly (PartnerEvent | TreeEvent)[]> {
    const { events } = accepted(await this.handler.dryRun(command.partnerId, command, context), detailOf);
    const registered = events.find((event) => event.type === 'PartnerRegistered');
    const creation = registered ? createRegisteredProject(registered.data) : null;
    if (creation === null) return events;
    const created = await this.trees.run(creation, { context: followUp(context, 'project'), dryRun: true });
    return [...events, ...created.events];
  }

  /** Registers a partner below the distributor that approved its request. @throws Problem when refused */
  async join(request: JoinRequestFacts, context: CommandContext): Promise<void> {
    await this.register(await this.joining(request), context);
  }

  /** The events of `join`. @throws Problem when refused */
  async wouldJoin(request: JoinRequestFacts, context: CommandContext): Promise<readonly (PartnerEvent | TreeEvent)[]> {
    return this.wouldRegister(await this.joining(request), context);
  }

  private async joining(request: JoinRequestFacts): Promise<RegisterPartner> {
    const { distributorId, partnerId, kind, name, administrator, project } = request;
    const parent = await this.partners.partner(distributorId);
    return { type: 'RegisterPartner', partnerId, kind, name, administrator, project, parent };
  }
}

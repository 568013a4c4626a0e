import { Controller, Inject } from '@nestjs/common';
import { GROUPS_TOPIC, groupsEventOf, type GroupsEvent, type GroupsEventData } from '@allotree/contracts';
import {
  daysAfter,
  FEATURES,
  lastRecordedOf,
  stockPartnerOf,
  type PartnerStockCommand,
  type ProjectCommand,
} from '@allotree/domain';
import { deriveId, type CommandContext, type Outcome } from '@allotree/event-sourcing';
import { Clock, CONFIGURATION } from '@allotree/basics';
import { OnIntegrationEvent } from '@allotree/bus';
import type { LicenseConfiguration } from '../../configuration.js';
import { PROJECT_HANDLER, STOCK_HANDLER, type ProjectHandler, type StockHandler } from '../../tokens.js';
import { DecisionClock } from '../../clock/decision-clock.js';
import { CONSUMER_GROUP } from '../../consumer-groups.js';
import { projectRequestOf } from './facts.js';

/** A fact that cannot be recorded yet, or never: the bus tries again for a while and then files it as a dead letter. */
class FactRefused extends Error {
  override readonly name = 'FactRefused';

  constructor(event: GroupsEvent, refusal: unknown) {
    super(`${event.type} ${event.id} of ${event.subject} was refused: ${JSON.stringify(refusal)}`);
  }
}

/**
 * Makes the facts of the group service facts of the project and stock streams, one command a fact. The id of the event
 * is that of the command, so a fact that comes again changes nothing.
 */
@Controller()
export class FollowGroupsController {
  constructor(
    @Inject(PROJECT_HANDLER) private readonly projects: ProjectHandler,
    @Inject(STOCK_HANDLER) private readonly stocks: StockHandler,
    @Inject(CONFIGURATION) private readonly configuration: LicenseConfiguration,
    private readonly clock: Clock,
    private readonly decisions: DecisionClock,
  ) {}

  @OnIntegrationEvent(GROUPS_TOPIC, CONSUMER_GROUP)
  async follow(message: unknown): Promise<void> {
    const event = groupsEventOf(message);
    if (event === null) return;
    if (event.type === 'allotree.partner-registered.v1') await this.openStock(event, event.data);
    else if (event.type === 'allotree.partner-promoted.v1') await this.promote(event, event.data);
    else if (event.type === 'allotree.partner-closed.v1') await this.closeStock(event, event.data);
    else await this.recordFact(event);
  }

  private async recordFact(event: GroupsEvent): Promise<void> {
    const fact = projectRequestOf(event);
    if (fact === null) return;
    await this.onProject(
      event,
      fact.projectId,
      { ...fact.request, now: await this.decisions.now(fact.projectId) },
      contextOf(event),
    );
    if (event.type === 'allotree.project-created.v1' && event.data.trial) await this.grantTrial(event, event.data);
  }

  /**
   * The project that a registration creates gets its trial (L1). One project, one such license. Its days count from
   * the project's own last decision, should a clock have been ahead: a fact is never refused for that.
   */
  private async grantTrial(
    event: GroupsEvent,
    { projectId, timeZone }: GroupsEventData<'allotree.project-created.v1'>,
  ): Promise<void> {
    const lastRecorded = await this.projects.read(projectId, lastRecordedOf);
    const now = Math.max(await this.decisions.now(projectId), lastRecorded);
    const grant: ProjectCommand = {
      type: 'GrantLicense',
      licenseType: 'trial',
      now,
      licenseId: deriveId(projectId, 'trial'),
      units: { sip_number: null, mobile_app: null, ukey2: null },
      features: FEATURES,
      validFrom: null,
      validUntil: daysAfter(now, this.configuration.TRIAL_DAYS, timeZone),
      source: { kind: 'registration' },
    };
    await this.onProject(event, projectId, grant, contextOf(event, 'trial'));
  }

  private async promote(
    event: GroupsEvent,
    { partnerId }: GroupsEventData<'allotree.partner-promoted.v1'>,
  ): Promise<void> {
    await this.onStock(event, { type: 'PromotePartner', partnerId, now: this.clock.now() }, contextOf(event));
  }

  /** Its own stock, and those above it, which sell to it no more. */
  private async closeStock(
    event: GroupsEvent,
    { partnerId, reason }: GroupsEventData<'allotree.partner-closed.v1'>,
  ): Promise<void> {
    const now = this.clock.now();
    await this.onStock(event, { type: 'CloseStock', partnerId, now, reason }, contextOf(event));
    for (let above = await this.parentOf(partnerId); above !== null; above = await this.parentOf(above)) {
      const closing = { type: 'ClosePartnerBelow', partnerId: above, now, belowPartnerId: partnerId, reason } as const;
      await this.onStock(event, closing, contextOf(event, above));
    }
  }

  private async openStock(
    event: GroupsEvent,
    { partnerId, kind, name, parentPartnerId, tenantId }: GroupsEventData<'allotree.partner-registered.v1'>,
  ): Promise<void> {
    const now = this.clock.now();
    const opening = { type: 'OpenStock', partnerId, now, tenantId, kind, name, parentPartnerId } as const;
    await this.onStock(event, opening, contextOf(event));
    for (let above = parentPartnerId; above !== null; above = await this.parentOf(above)) {
      const joining = {
        type: 'AddPartnerBelow',
        partnerId: above,
        now,
        belowPartnerId: partnerId,
        kind,
        name,
      } as const;
      await this.onStock(event, joining, contextOf(event, above));
    }
  }

  private parentOf(partnerId: string): Promise<string | null> {
    return this.stocks.read(partnerId, (state) => stockPartnerOf(state)?.parentPartnerId ?? null);
  }

  private async onProject(
    event: GroupsEvent,
    projectId: string,
    command: ProjectCommand,
    context: CommandContext,
  ): Promise<void> {
    recorded(event, await this.projects.execute(projectId, command, context));
  }

  private async onStock(event: GroupsEvent, command: PartnerStockCommand, context: CommandContext): Promise<void> {
    recorded(event, await this.stocks.execute(command.partnerId, command, context));
  }
}

/** @param part of an event that needs more than one command */
const contextOf = (event: GroupsEvent, part?: string): CommandContext => ({
  commandId: part === undefined ? event.id : deriveId(event.id, part),
  correlationId: event.correlationid,
  causationId: event.id,
  actor: event.actor,
  tenantId: event.tenantid,
  ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
  repeatable: true,
});

function recorded(event: GroupsEvent, outcome: Outcome<unknown, unknown>): void {
  if (outcome.kind !== 'accepted') throw new FactRefused(event, outcome.kind === 'refused' ? outcome.refusal : outcome);
}

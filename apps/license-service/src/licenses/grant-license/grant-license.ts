import { followUp } from '@allotree/event-sourcing';
import { Inject, Injectable } from '@nestjs/common';
import type { GrantLicenseRequest } from '@allotree/contracts';
import { daysAfter, FEATURES, type PartnerStockEvent, type ProjectEvent, LICENSES_SETTING } from '@allotree/domain';
import { Clock, CONFIGURATION } from '@allotree/basics';
import type { Caller } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { LicenseConfiguration } from '../../configuration.js';
import { enteredDates, termOf } from '../../dates.js';
import { Projects, type KnownProject } from '../../projects.js';
import { GRANT_STEP, grantOf, HOWEVER_LATE } from '../../stock/issued-license.js';
import { partnerNotFound, Stocks } from '../../stock/stocks.js';

type TrialRequest = Extract<GrantLicenseRequest, { type: 'trial' }>;
type PlusRequest = Extract<GrantLicenseRequest, { type: 'plus' }>;

interface Granted {
  readonly events: readonly (ProjectEvent | PartnerStockEvent)[];
  readonly revision: number;
}

@Injectable()
export class GrantLicense {
  constructor(
    private readonly projects: Projects,
    private readonly stocks: Stocks,
    private readonly clock: Clock,
    private readonly permissionChecker: PermissionChecker,
    @Inject(CONFIGURATION) private readonly configuration: LicenseConfiguration,
  ) {}

  /** A trial by hand (L1). */
  async trial(projectId: string, licenseId: string, request: TrialRequest, caller: Caller): Promise<Granted> {
    const { timeZone } = await this.projects.project(projectId);
    const { validFrom, validUntil } = termOf(request, timeZone);
    const root = { kind: 'group', projectId, groupId: projectId } as const;
    const authority = () => this.permissionChecker.authority(caller.principal, 'licenses:manage', root);
    const usualUntil = daysAfter(validFrom ?? this.clock.now(), this.configuration.TRIAL_DAYS, timeZone);
    const grant = {
      type: 'GrantLicense',
      licenseType: 'trial',
      licenseId,
      units: { sip_number: null, mobile_app: null, ukey2: null },
      features: FEATURES,
      validFrom,
      validUntil: validUntil ?? usualUntil,
      source: { kind: 'manual' },
      externalId: request.externalId ?? null,
      usualUntil,
    } as const;
    return this.projects.run(projectId, async () => ({ ...grant, authority: await authority() }), caller);
  }

  /**
   * Units out of a partner's package (L3). The stock is debited first, then the license is granted; should the
   * process end in between, `FinishIssueReactor` grants it.
   */
  async plus(projectId: string, licenseId: string, request: PlusRequest, caller: Caller): Promise<Granted> {
    const stock = { kind: 'partner', partnerId: request.partnerId } as const;
    await this.permissionChecker.demand(caller.principal, 'stock:issue', stock);
    const project = await this.projects.project(projectId);
    await this.refuseOtherTenants(project, request.partnerId);
    const { partnerId, packageId, units, features, externalId } = request;
    const { timeZone } = project;
    const named = typeof externalId === 'string' ? { externalId } : {};
    const part = {
      units,
      features: features ?? null,
      ...termOf(request, timeZone),
      ...enteredDates(request),
      ...named,
    };
    const issue = { type: 'IssueUnits', partnerId, packageId, licenseId, projectId, timeZone, ...part } as const;
    const { expectedRevision, ...context } = caller.context;
    const grant = followUp(context, GRANT_STEP);
    const atRevision = expectedRevision === undefined ? grant : { ...grant, expectedRevision };

    // A grant that would be refused must not cost the partner anything: it is tried first.
    const wouldIssue = await this.stocks.run(issue, { context, dryRun: true });
    const wouldGrant = await this.grant(projectId, partnerId, wouldIssue.events, { context: atRevision, dryRun: true });
    if (caller.dryRun) return wouldGrant;

    const issued = await this.stocks.run(issue, { context, dryRun: false });
    return this.grant(projectId, partnerId, issued.events, { context: grant, dryRun: false });
  }

  private async grant(
    projectId: string,
    partnerId: string,
    events: readonly PartnerStockEvent[],
    asked: Pick<Caller, 'context' | 'dryRun'>,
  ): Promise<Granted> {
    const issued = events.find((event) => event.type === 'UnitsIssued');
    if (!issued)
      return this.projects.look(projectId, null, (_state, _now, { revisionOf }) => ({
        events,
        revision: revisionOf(LICENSES_SETTING),
      }));
    const grant = grantOf(partnerId, issued.data);
    const granted = await this.projects.run(projectId, asked.dryRun ? grant : { ...grant, ...HOWEVER_LATE }, asked);
    return { events: [...events, ...granted.events], revision: granted.revision };
  }

  /** Across the border of a tenant nothing exists (docs/domain/rules.md#roles). */
  private async refuseOtherTenants(project: KnownProject, partnerId: string): Promise<void> {
    const partner = await this.stocks.partner(partnerId);
    if (partner.tenantId !== project.tenantId) throw partnerNotFound(partnerId);
  }
}

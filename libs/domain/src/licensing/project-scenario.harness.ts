import { isDeepStrictEqual } from 'node:util';
import { NO_UNITS } from '../limits.js';
import { FEATURES, type Resource, type Units } from '../words.js';
import { VENDOR } from './limits/authority.js';
import type { AllotmentInput, ProjectCommand, ProjectCommandOf } from './model/commands.js';
import type { ProjectEvent } from './model/events.js';
import { projectAggregate } from './project.aggregate.js';
import { quotaOf } from './queries/quota.js';
import type { ProjectRefusal } from './model/refusals.js';
import type { ProjectState } from './model/state.js';
import type { GroupQuota } from './queries/views.js';

export const day = (date: string): number => Date.parse(`${date}T00:00:00Z`);
export const units = (
  sip_number: number | null = 0,
  mobile_app: number | null = 0,
  ukey2: number | null = 0,
): Units => ({
  sip_number,
  mobile_app,
  ukey2,
});

/** Runs commands on a project: returns their events or refusals and keeps the folded state. */
export class ProjectScenario {
  state: ProjectState = projectAggregate.initial();
  readonly events: ProjectEvent[] = [];
  private count = 0;

  constructor(public now: number) {}

  /** Decides and folds a command; returns its events. */
  do(command: ProjectCommand): readonly ProjectEvent[] {
    const decision = projectAggregate.decide(this.state, command);
    if (!decision.ok) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
    for (const event of decision.events) {
      // Through the stored form, as in the product.
      const { type, data } = projectAggregate.encode(event);
      projectAggregate.evolve(this.state, projectAggregate.decode(type, JSON.parse(JSON.stringify(data))));
      this.events.push(event);
    }
    return decision.events;
  }

  /** Decides a command that must be refused and leave the state unchanged. */
  refusal(command: ProjectCommand): ProjectRefusal {
    const before = structuredClone(this.state);
    const decision = projectAggregate.decide(this.state, command);
    if (decision.ok) throw new Error(`accepted: ${JSON.stringify(decision.events)}`);
    if (!isDeepStrictEqual(structuredClone(this.state), before))
      throw new Error('the refused command changed the state');
    return decision.refusal;
  }

  open(options: { billingMode?: 'prepaid' | 'postpaid' } = {}): this {
    this.do({
      type: 'OpenProject',
      now: this.now,
      projectId: 'p',
      tenantId: 't',
      partnerId: 'nordlicht',
      name: 'Hafenblick',
      timeZone: 'Europe/Berlin',
      billingMode: options.billingMode ?? 'prepaid',
    });
    return this;
  }

  /** `place('a', 'b under a')`: groups named after their ids, under the root unless said otherwise. */
  place(...groups: string[]): this {
    for (const group of groups) {
      const [groupId = '', parentId = 'p'] = group.split(' under ');
      this.do({
        type: 'PlaceGroups',
        now: this.now,
        groups: [{ groupId, parentId, type: 'custom', name: groupId.toUpperCase() }],
      });
    }
    return this;
  }

  plus(
    what: Units,
    until: number | null = null,
    options: Partial<ProjectCommandOf<'GrantLicense'>> = {},
  ): readonly ProjectEvent[] {
    return this.do(this.grant({ units: what, validUntil: until, ...options }));
  }

  grant(options: Partial<ProjectCommandOf<'GrantLicense'>> = {}): ProjectCommandOf<'GrantLicense'> {
    return {
      type: 'GrantLicense',
      now: this.now,
      licenseId: `license-${++this.count}`,
      licenseType: 'plus',
      units: NO_UNITS,
      features: FEATURES,
      validFrom: null,
      validUntil: null,
      source: { kind: 'manual' },
      ...options,
    };
  }

  restriction(
    groupId: string,
    allotments: readonly Partial<AllotmentInput>[],
    options: Partial<ProjectCommandOf<'SetRestriction'>> = {},
  ): ProjectCommandOf<'SetRestriction'> {
    return {
      type: 'SetRestriction',
      now: this.now,
      groupId,
      enabled: true,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: null,
      cascade: false,
      authority: VENDOR,
      newIds: allotments.map((_, index) => `${groupId}-${++this.count}-${index}`),
      allotments: allotments.map((allotment) => ({
        allotmentId: null,
        type: 'plus',
        units: NO_UNITS,
        features: [],
        validFrom: null,
        validUntil: null,
        ...allotment,
      })),
      ...options,
    };
  }

  /** Restricts a group to one allotment. */
  restrict(
    groupId: string,
    what: Units,
    until: number | null = null,
    options: Partial<ProjectCommandOf<'SetRestriction'>> = {},
  ): this {
    this.do(this.restriction(groupId, [{ units: what, validUntil: until }], options));
    return this;
  }

  assignment(
    groupId: string,
    resource: Resource = 'sip_number',
    options: Partial<ProjectCommandOf<'AssignUnit'>> = {},
  ): ProjectCommandOf<'AssignUnit'> {
    return {
      type: 'AssignUnit',
      now: this.now,
      assignmentId: `${resource}-${++this.count}`,
      groupId,
      resource,
      label: null,
      holder: null,
      sipAssignmentId: null,
      ...options,
    };
  }

  /** Assigns `count` units of a resource and returns the ids of the assignments. */
  assign(groupId: string, resource: Resource = 'sip_number', count = 1): string[] {
    return Array.from({ length: count }, () => {
      const command = this.assignment(groupId, resource);
      this.do(command);
      return command.assignmentId;
    });
  }

  release(groupId: string, assignmentId: string): readonly ProjectEvent[] {
    return this.do({ type: 'ReleaseAssignment', now: this.now, groupId, assignmentId });
  }

  /** Lets time pass until an instant and records everything that became due. */
  on(now: number): readonly ProjectEvent[] {
    this.now = now;
    return this.do({ type: 'TakeEffect', now });
  }

  quota(groupId: string, now = this.now): GroupQuota {
    return quotaOf(this.state, groupId, now)!;
  }
}

import type { GroupsEvent, GroupsEventData, GroupsEventType } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';
import type { Origin } from './stored-event.js';
import { Versions } from './versions.js';
import {
  DEVICES,
  GROUPS,
  MEMBERS,
  PARTNERS,
  PROJECTS,
  type DeviceRow,
  type GroupRow,
  type MemberRow,
  type PartnerRow,
  type ProjectRow,
} from './version-tables.js';

/** An event of the group service, with its place in the log. */
export interface GroupsFact {
  readonly origin: Origin;
  readonly event: Pick<GroupsEvent, 'type' | 'data'>;
}

type Data<Type extends GroupsEventType> = GroupsEventData<Type>;

/** What the group service's events say about partners, projects and their trees, for one batch. */
export class GroupsFacts {
  private readonly partners: Versions<'partner_id', PartnerRow>;
  private readonly projects: Versions<'project_id', ProjectRow>;
  private readonly groups: Versions<'project_id' | 'group_id', GroupRow>;
  private readonly members: Versions<'project_id' | 'group_id' | 'member_id', MemberRow>;
  private readonly devices: Versions<'project_id' | 'serial_number', DeviceRow>;

  constructor(tx: EntityManager) {
    this.partners = new Versions(PARTNERS, tx);
    this.projects = new Versions(PROJECTS, tx);
    this.groups = new Versions(GROUPS, tx);
    this.members = new Versions(MEMBERS, tx);
    this.devices = new Versions(DEVICES, tx);
  }

  /** Applies events in their order. */
  async apply(facts: readonly GroupsFact[]): Promise<void> {
    const things = thingsIn(facts);
    for (const versions of [this.partners, this.projects, this.groups, this.members, this.devices])
      await versions.load(things);
    for (const fact of facts) await this.applyOne(fact);
    for (const versions of [this.partners, this.projects, this.groups, this.members, this.devices])
      await versions.write();
  }

  private async applyOne({ origin, event }: GroupsFact): Promise<void> {
    const { type, data } = event as GroupsEvent;
    switch (type) {
      case 'allotree.partner-registered.v1':
        return this.registerPartner(origin, data);
      case 'allotree.partner-promoted.v1':
        return this.changePartner(origin, data.partnerId, { kind: data.kind });
      case 'allotree.partner-postpaid-changed.v1':
        return this.changePartner(origin, data.partnerId, { is_postpaid_allowed: data.allowed });
      case 'allotree.partner-closed.v1':
        return this.changePartner(origin, data.partnerId, { is_closed: true });
      case 'allotree.project-created.v1':
        return this.createProject(origin, data);
      case 'allotree.project-closed.v1':
        return this.closeProject(origin, data.projectId);
      case 'allotree.groups-placed.v1':
        return this.placeGroups(origin, data);
      case 'allotree.group-changed.v1':
        return this.changeGroup(origin, data);
      case 'allotree.group-moved.v1':
        return this.moveGroup(origin, data);
      case 'allotree.group-removed.v1':
        return this.removeGroup(origin, data);
      case 'allotree.member-added.v1':
      case 'allotree.member-removed.v1':
        return this.members.put(
          { project_id: data.projectId, group_id: data.groupId, member_id: data.memberId },
          origin,
          type === 'allotree.member-removed.v1' ? null : memberOf(data),
        );
      case 'allotree.device-registered.v1':
      case 'allotree.device-removed.v1':
        return this.devices.put(
          { project_id: data.projectId, serial_number: data.serialNumber },
          origin,
          type === 'allotree.device-removed.v1' ? null : deviceOf(data),
        );
      case 'allotree.device-changed.v1':
        return this.changeDevice(origin, data);
      default:
    }
  }

  private registerPartner(origin: Origin, data: Data<'allotree.partner-registered.v1'>): void {
    this.partners.put({ partner_id: data.partnerId }, origin, {
      parent_partner_id: data.parentPartnerId,
      kind: data.kind,
      name: data.name,
      is_postpaid_allowed: false,
      is_closed: false,
    });
  }

  private changePartner(origin: Origin, partnerId: string, change: Partial<PartnerRow>): void {
    const before = this.partners.get({ partner_id: partnerId });
    if (before) this.partners.put({ partner_id: partnerId }, origin, { ...before, ...change });
  }

  private createProject(origin: Origin, data: Data<'allotree.project-created.v1'>): void {
    const { projectId, name } = data;
    this.projects.put({ project_id: projectId }, origin, {
      partner_id: data.partnerId,
      name,
      time_zone: data.timeZone,
      billing_mode: data.billingMode,
      is_trial: data.trial,
      is_closed: false,
    });
    this.groups.put({ project_id: projectId, group_id: projectId }, origin, {
      parent_id: null,
      path: [projectId],
      type: 'company',
      name,
      external_id: null,
      placed_at: new Date(origin.at),
    });
  }

  private closeProject(origin: Origin, projectId: string): void {
    const before = this.projects.get({ project_id: projectId });
    if (before) this.projects.put({ project_id: projectId }, origin, { ...before, is_closed: true });
  }

  private placeGroups(origin: Origin, { projectId, groups }: Data<'allotree.groups-placed.v1'>): void {
    for (const { groupId, parentId, type, name, externalId } of groups) {
      const parent = this.groups.get({ project_id: projectId, group_id: parentId });
      if (!parent) continue;
      this.groups.put({ project_id: projectId, group_id: groupId }, origin, {
        parent_id: parentId,
        path: [...parent.path, groupId],
        type,
        name,
        external_id: externalId ?? null,
        placed_at: new Date(origin.at),
      });
    }
  }

  private changeGroup(origin: Origin, data: Data<'allotree.group-changed.v1'>): void {
    const key = { project_id: data.projectId, group_id: data.groupId };
    const before = this.groups.get(key);
    if (!before) return;
    const { type, name, externalId } = data;
    const external = externalId === undefined ? before.external_id : externalId;
    this.groups.put(key, origin, { ...before, type, name, external_id: external });
  }

  private async moveGroup(origin: Origin, data: Data<'allotree.group-moved.v1'>): Promise<void> {
    const { projectId, groupId, parentId } = data;
    const parent = this.groups.get({ project_id: projectId, group_id: parentId });
    const moved = this.groups.get({ project_id: projectId, group_id: groupId });
    if (!parent || !moved) return;
    const above = moved.path.length - 1;
    for (const [key, group] of await this.subtree(projectId, groupId)) {
      const parent_id = key.group_id === groupId ? parentId : group.parent_id;
      this.groups.put(key, origin, { ...group, parent_id, path: [...parent.path, ...group.path.slice(above)] });
    }
  }

  private async removeGroup(origin: Origin, { projectId, groupId }: Data<'allotree.group-removed.v1'>): Promise<void> {
    for (const [key] of await this.subtree(projectId, groupId)) this.groups.put(key, origin, null);
  }

  /** A group and everything below it, at this point of the batch. */
  private async subtree(projectId: string, groupId: string) {
    await this.groups.loadWhere('version.project_id = $1 AND $2 = ANY (version.path)', [projectId, groupId]);
    return [...this.groups.inForce()].filter(
      ([key, { path }]) => key.project_id === projectId && path.includes(groupId),
    );
  }

  private changeDevice(origin: Origin, data: Data<'allotree.device-changed.v1'>): void {
    const key = { project_id: data.projectId, serial_number: data.serialNumber };
    const before = this.devices.get(key);
    if (before) this.devices.put(key, origin, { ...before, external_id: data.externalId });
  }
}

const memberOf = (data: Data<'allotree.member-added.v1'>): MemberRow => ({
  user_id: data.userId,
  email: data.email,
  name: data.name,
  role: data.role,
  external_id: data.externalId ?? null,
});

const deviceOf = (data: Data<'allotree.device-registered.v1'>): DeviceRow => ({
  group_id: data.groupId,
  model: data.model,
  external_id: data.externalId ?? null,
});

interface Named {
  readonly projectId?: string;
  readonly parentId?: string;
  readonly groups?: readonly { readonly groupId: string; readonly parentId: string }[];
}

/** The data of each event, and each group it names, as parents and the root too, as data of its own. */
const thingsIn = (facts: readonly GroupsFact[]): readonly object[] =>
  facts.flatMap(({ event }) => {
    const data = event.data as Named;
    const { projectId, parentId, groups = [] } = data;
    const named = [projectId, parentId, ...groups.flatMap((group) => [group.groupId, group.parentId])];
    return [data, ...named.map((groupId) => ({ projectId, groupId }))];
  });

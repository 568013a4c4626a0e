import type { Allotment, ProjectEvent, ProjectEventType, RestrictionSettings } from '@allotree/domain';

/** Most events of a project are about other things: they are not even decoded. */
export const ABOUT_TERMS: ReadonlySet<string> = new Set<ProjectEventType>([
  'ProjectOpened',
  'GroupsPlaced',
  'GroupRelocated',
  'RestrictionChanged',
  'AllotmentsClamped',
  'AllotmentsTransferred',
  'LicenseGranted',
  'LicenseExtended',
  'LicenseRevoked',
]);

export interface OpenedProject {
  readonly projectId: string;
  readonly tenantId: string;
  readonly timeZone: string;
}

export interface GroupPlace {
  readonly projectId: string;
  readonly groupId: string;
  readonly parentId: string | null;
  /** Since when it lies there (ms), when it was moved; `null`: it is new, and nothing of it is known yet. */
  readonly movedAt: number | null;
}

export type Settings = Pick<RestrictionSettings, 'enabled' | 'gracePeriodDays' | 'reminder'>;

export interface GroupTerms {
  readonly projectId: string;
  readonly groupId: string;
  /** Since when it is so (ms). */
  readonly at: number;
  readonly allotments: readonly Allotment[];
  /** `null`: as they were before. */
  readonly settings: Settings | null;
}

export interface LicenseTerm {
  readonly projectId: string;
  readonly licenseId: string;
  readonly at: number;
  /** `null`: as it was before. */
  readonly validFrom: number | null;
  /** `null`: without an end, or revoked. */
  readonly validUntil: number | null;
  readonly revoked: boolean;
}

/** What a run of events says about terms: the last word on each group and license. */
export class DueBatch {
  readonly projects: OpenedProject[] = [];
  private readonly groupPlaces = new Map<string, GroupPlace>();
  private readonly groupTerms = new Map<string, GroupTerms>();
  private readonly licenseTerms = new Map<string, LicenseTerm>();

  add(projectId: string, event: ProjectEvent): void {
    switch (event.type) {
      case 'ProjectOpened':
        this.projects.push({ projectId, tenantId: event.data.tenantId, timeZone: event.data.timeZone });
        break;
      case 'GroupsPlaced':
        for (const { groupId, parentId } of event.data.groups)
          this.place({ projectId, groupId, parentId, movedAt: null });
        break;
      case 'GroupRelocated':
        this.place({ projectId, ...event.data, movedAt: event.at });
        break;
      case 'RestrictionChanged':
        this.allot(projectId, event.data.groupId, { ...event.data, at: event.at, settings: event.data });
        break;
      case 'AllotmentsClamped':
        this.allot(projectId, event.data.groupId, { ...event.data, at: event.at, settings: null });
        break;
      case 'AllotmentsTransferred': {
        const { fromGroupId, fromAllotments, toGroupId, toAllotments } = event.data;
        this.allot(projectId, fromGroupId, { allotments: fromAllotments, at: event.at, settings: null });
        this.allot(projectId, toGroupId, { allotments: toAllotments, at: event.at, settings: null });
        break;
      }
      case 'LicenseGranted':
        this.license(projectId, { ...event.data, at: event.at, revoked: false });
        break;
      case 'LicenseExtended':
        this.license(projectId, { ...event.data, validFrom: null, at: event.at, revoked: false });
        break;
      case 'LicenseRevoked':
        this.license(projectId, { ...event.data, validFrom: null, validUntil: null, at: event.at, revoked: true });
        break;
      default:
    }
  }

  get places(): readonly GroupPlace[] {
    return [...this.groupPlaces.values()];
  }

  get groups(): readonly GroupTerms[] {
    return [...this.groupTerms.values()];
  }

  get licenses(): readonly LicenseTerm[] {
    return [...this.licenseTerms.values()];
  }

  private place(place: GroupPlace): void {
    this.groupPlaces.set(`${place.projectId} ${place.groupId}`, place);
  }

  private allot(
    projectId: string,
    groupId: string,
    { allotments, settings, at }: Pick<GroupTerms, 'allotments' | 'settings' | 'at'>,
  ): void {
    const key = `${projectId} ${groupId}`;
    const before = this.groupTerms.get(key);
    this.groupTerms.set(key, { projectId, groupId, at, allotments, settings: settings ?? before?.settings ?? null });
  }

  private license(
    projectId: string,
    { licenseId, validFrom, validUntil, at, revoked }: Omit<LicenseTerm, 'projectId'>,
  ): void {
    const key = `${projectId} ${licenseId}`;
    const before = this.licenseTerms.get(key);
    const from = validFrom ?? before?.validFrom ?? null;
    this.licenseTerms.set(key, { projectId, licenseId, at, validFrom: from, validUntil, revoked });
  }
}

import type { CloudEvent, LicensingEventData } from '@allotree/contracts';
import { RESOURCES, type ResourceTotals, type Resource } from '@allotree/domain';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from '../tables/history.fixture.js';

export const HOUR_MS = 3_600_000;
/** June and July 2026, in hours after the beginning of the histories. */
export const JUNE = 0;
export const JULY = 720;
export const AUGUST = JULY + 744;

export const iso = (hours: number): string => at(hours).toISOString();

type Totals = LicensingEventData<'allotree.usage-period-closed.v1'>['totals'];

/** Control totals, each resource's with what differs from nothing at all. */
export const totalsFrom = (from: number, of: Partial<Record<Resource, Partial<ResourceTotals>>>): Totals =>
  Object.fromEntries(
    RESOURCES.map((resource) => {
      const counts = { open: 0, close: 0, peak: 0, peakAt: at(from).getTime() };
      const integrals = { unitMs: 0n, entitledMs: 0n, unlimitedMs: 0n, overageMs: 0n };
      const { peakAt, unitMs, entitledMs, unlimitedMs, overageMs, ...rest } = {
        ...counts,
        ...integrals,
        ...of[resource],
      };
      const texts = Object.entries({ unitMs, entitledMs, unlimitedMs, overageMs }).map(([k, v]) => [k, v.toString()]);
      return [resource, { ...rest, peakAt: new Date(peakAt).toISOString(), ...Object.fromEntries(texts) }];
    }),
  ) as Totals;

export const unitHours = (hours: number): bigint => BigInt(hours) * BigInt(HOUR_MS);

const CALENDAR = { interval: 'P1M', anchorDay: 1, timeZone: 'UTC' } as const;

type Licensing = ReturnType<typeof aboutLicensing>;

export const termsSet = (licensing: Licensing, hours: number): CloudEvent =>
  licensing(hours, 'allotree.billing-terms-set.v1', { ...CALENDAR, anchorMonth: '2026-06', effectiveFrom: iso(hours) });

export const closed = (
  licensing: Licensing,
  [from, until]: readonly [number, number],
  paymentModel: 'prepaid' | 'postpaid',
  of: Partial<Record<Resource, Partial<ResourceTotals>>>,
): CloudEvent =>
  licensing(until, 'allotree.usage-period-closed.v1', {
    periodId: `period:${iso(from)}`,
    from: iso(from),
    until: iso(until),
    ...CALENDAR,
    paymentModel,
    totals: totalsFrom(from, of),
  });

/** The distributor Nordlicht, its dealer Dahl, and a stranger. */
export const partners = (): readonly CloudEvent[] => [
  aboutPartner('nordlicht', {
    partnerId: 'nordlicht',
    kind: 'distributor',
    name: 'Nordlicht',
    parentPartnerId: null,
    tenantId: 'nordlicht',
  }),
  aboutPartner('nordlicht', {
    partnerId: 'dahl',
    kind: 'dealer',
    name: 'Dahl',
    parentPartnerId: 'nordlicht',
    tenantId: 'nordlicht',
  }),
  aboutPartner('stranger', {
    partnerId: 'stranger',
    kind: 'distributor',
    name: 'Stranger',
    parentPartnerId: null,
    tenantId: 'stranger',
  }),
];

export const projectOf = (projectId: string, partnerId: string, billingMode: 'prepaid' | 'postpaid'): CloudEvent =>
  aboutGroups(projectId)(JUNE, 'allotree.project-created.v1', { ...PROJECT, partnerId, billingMode, timeZone: 'UTC' });

const number = (projectId: string, assignmentId: string) => ({
  assignmentId,
  groupId: projectId,
  resource: 'sip_number' as const,
  path: [projectId],
});

/** A postpaid project of the dealer: two numbers from the beginning, and a third from the middle of June on. */
export class Hafenblick {
  private readonly licensing = aboutLicensing('hafenblick');

  begin(): readonly CloudEvent[] {
    return [
      projectOf('hafenblick', 'dahl', 'postpaid'),
      termsSet(this.licensing, JUNE),
      this.licensing(JUNE, 'allotree.assignments-made.v1', {
        assignments: [number('hafenblick', 's1'), number('hafenblick', 's2')],
      }),
      this.licensing(360, 'allotree.assignment-made.v1', number('hafenblick', 's3')),
    ];
  }

  /** @param missed an error in the control totals, in unit-milliseconds */
  closeJune(missed = 0n): CloudEvent {
    const unitMs = unitHours(2 * 720 + 360);
    const use = { open: 2, close: 3, peak: 3, peakAt: at(360).getTime(), unitMs: unitMs + missed, overageMs: unitMs };
    return closed(this.licensing, [JUNE, JULY], 'postpaid', { sip_number: use });
  }

  closeJuly(): CloudEvent {
    const unitMs = unitHours(3 * 744);
    const use = { open: 3, close: 3, peak: 3, peakAt: at(JULY).getTime(), unitMs, overageMs: unitMs };
    return closed(this.licensing, [JULY, AUGUST], 'postpaid', { sip_number: use });
  }
}

const NONE = { sip_number: 0, mobile_app: 0, ukey2: 0 };

/** A prepaid project of the distributor: a package of ten numbers from July on, and in July one that begins in the past. */
export class Kai {
  private readonly licensing = aboutLicensing('kai');

  private granted(hours: number, licenseId: string, [from, until]: readonly [number, number]): CloudEvent {
    return this.licensing(hours, 'allotree.license-granted.v1', {
      licenseId,
      type: 'plus',
      units: { ...NONE, sip_number: 10 },
      features: [],
      validFrom: iso(from),
      validUntil: iso(until),
      source: { kind: 'package', partnerId: 'nordlicht', packageId: 'package' },
    });
  }

  begin(): readonly CloudEvent[] {
    return [
      projectOf('kai', 'nordlicht', 'prepaid'),
      termsSet(this.licensing, JUNE),
      this.licensing(JUNE, 'allotree.license-granted.v1', {
        licenseId: 'trial',
        type: 'trial',
        units: { sip_number: null, mobile_app: null, ukey2: null },
        features: [],
        validFrom: iso(JUNE),
        validUntil: iso(240),
        source: { kind: 'registration' },
      }),
      this.licensing(JUNE, 'allotree.basic-license-started.v1', { serialNumber: 'AA-1', groupId: 'kai' }),
      this.granted(240, 'plus', [240, AUGUST]),
    ];
  }

  closeJune(): CloudEvent {
    const unlimitedMs = unitHours(240);
    return closed(this.licensing, [JUNE, JULY], 'prepaid', {
      sip_number: { unlimitedMs, entitledMs: unitHours(480 * 12) },
      mobile_app: { unlimitedMs, entitledMs: unitHours(480 * 2) },
      ukey2: { unlimitedMs },
    });
  }

  /** In July a license is granted that has begun on June 21. */
  july(): readonly CloudEvent[] {
    return [
      this.granted(JULY + 100, 'late', [480, AUGUST]),
      closed(this.licensing, [JULY, AUGUST], 'prepaid', {
        sip_number: { entitledMs: unitHours(744 * 12 + 644 * 10) },
        mobile_app: { entitledMs: unitHours(744 * 2) },
      }),
    ];
  }
}

/** Somebody administers a partner. */
export const administrator = (partnerId: string, tenantId: string, userId: string): CloudEvent =>
  ({
    ...aboutPartner(tenantId, {
      partnerId,
      kind: 'dealer',
      name: userId,
      parentPartnerId: null,
      tenantId,
    }),
    id: `administrator ${userId}`,
    type: 'allotree.partner-administrator-added.v1',
    sequence: '0000000000000001',
    data: {
      partnerId,
      tenantId,
      userId,
      email: `${userId}@example.com`,
      name: userId,
      role: 'company_administrator',
    },
  }) satisfies CloudEvent;

/** The stock of a partner. */
export const stockOf = (partnerId: string) => {
  const licensing = aboutLicensing(partnerId);
  const content = { units: { ...NONE, sip_number: 100 }, features: [], validFrom: iso(JUNE), validUntil: iso(AUGUST) };
  return {
    recorded: (hours: number): CloudEvent =>
      licensing(hours, 'allotree.package-recorded.v1', {
        partnerId,
        packageId: `package-${hours}`,
        name: 'Plus',
        ...content,
      } as never),
    sold: (hours: number, toPartnerId: string): CloudEvent =>
      licensing(hours, 'allotree.package-sold.v1', {
        partnerId,
        packageId: 'package',
        toPartnerId,
        soldPackageId: `sold-${hours}`,
        ...content,
        units: { ...NONE, sip_number: 40 },
      } as never),
  };
};

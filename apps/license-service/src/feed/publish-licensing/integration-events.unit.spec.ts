import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { LICENSING_EVENTS, licensingEventSchema, type CloudEvent, type LicensingEventType } from '@allotree/contracts';
import {
  encodePartnerStockEvent,
  projectAggregate,
  ProjectStructure,
  type Allotment,
  type PartnerStockEvent,
  type ProjectEvent,
} from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { integrationEventsOf } from './cloud-events.js';

const at = Date.parse('2026-06-01T00:00:00Z');
const content = {
  units: { sip_number: 120, mobile_app: 100, ukey2: null },
  features: ['siri'],
  validFrom: at,
  validUntil: null,
} as const;
const ref = { assignmentId: 'a', groupId: 'u1', resource: 'sip_number' } as const;
const refs = (count: number) => Array.from({ length: count }, (_, index) => ({ ...ref, assignmentId: `a${index}` }));
const license = { licenseId: 'l' };
const settings = {
  enabled: true,
  poolMode: 'reserved',
  gracePeriodDays: 3,
  reminder: { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' },
  place: { kind: 'partner', partnerId: 'n' },
} as const;
const allotments = (sip_number: number): Allotment[] => [
  { allotmentId: 'block', type: 'plus', ...content, units: { sip_number, mobile_app: 1, ukey2: null } },
];

const billingTerms = { interval: 'P1M', anchorMonth: '2026-01', anchorDay: 1, timeZone: 'Europe/Berlin' } as const;
const totals = (open: number, close: number) => ({
  open,
  close,
  peak: close,
  peakAt: Date.parse('2026-05-16T00:00:00Z'),
  unitMs: 9_007_199_254_740_993n,
  entitledMs: 0n,
  unlimitedMs: 2_678_400_000n,
  overageMs: 0n,
});

const PROJECT_EVENTS: readonly ProjectEvent[] = [
  { type: 'LicenseGranted', at, data: { ...license, type: 'trial', ...content, source: { kind: 'registration' } } },
  {
    type: 'LicenseGranted',
    at,
    data: {
      ...license,
      type: 'plus',
      ...content,
      source: { kind: 'package', partnerId: 'n', packageId: 'p', packageValidUntil: at + 1 },
    },
  },
  { type: 'LicenseExtended', at, data: { ...license, validUntil: at + 5 } },
  { type: 'LicenseSuspended', at, data: { ...license, reason: 'Invoice overdue', place: null } },
  { type: 'LicenseReinstated', at, data: license },
  { type: 'LicenseRevoked', at, data: { ...license, reason: 'Contract ended' } },
  { type: 'LicenseExternalIdChanged', at, data: { ...license, externalId: 'ERP 1' } },
  { type: 'LicenseStarted', at, data: license },
  { type: 'LicenseExpired', at, data: license },
  { type: 'BasicLicenseStarted', at, data: { serialNumber: 'AA-12', groupId: 'g' } },
  { type: 'BasicLicenseEnded', at, data: { serialNumber: 'AA-12' } },
  { type: 'RestrictionChanged', at, data: { groupId: 'g', ...settings, allotments: allotments(80) } },
  { type: 'RestrictionChanged', at, data: { groupId: 'u1', ...settings, allotments: allotments(50), place: null } },
  { type: 'AllotmentsClamped', at, data: { groupId: 'u1', allotments: allotments(20), causedByGroupId: 'g' } },
  {
    type: 'AllotmentsTransferred',
    at,
    data: {
      fromGroupId: 'g',
      toGroupId: 'u1',
      units: { sip_number: 5, mobile_app: 0, ukey2: 0 },
      reason: 'moved',
      fromAllotments: allotments(75),
      toAllotments: allotments(25),
      fromPlace: null,
      toPlace: { kind: 'group', groupId: 'g' },
    },
  },
  {
    type: 'MemberLimitsSet',
    at,
    data: {
      groupId: 'g',
      userId: 'kim',
      limits: { sip_number: 1, mobile_app: null, ukey2: 0 },
      featuresOff: ['siri'],
      place: { kind: 'vendor' },
    },
  },
  { type: 'AssignmentMade', at, data: { ...ref, label: 'private', holder: 'member', sipAssignmentId: null } },
  {
    type: 'AssignmentsMade',
    at,
    data: {
      assignments: refs(1_001).map((one) => ({ ...one, label: 'private', holder: 'member', sipAssignmentId: null })),
    },
  },
  { type: 'AssignmentExternalIdChanged', at, data: { ...ref, externalId: null } },
  { type: 'AssignmentsReleased', at, data: { assignments: refs(1), reason: 'released' } },
  {
    type: 'AssignmentsMade',
    at,
    data: { assignments: [{ ...ref, label: null, holder: null, sipAssignmentId: null }] },
  },
  { type: 'AssignmentsSuspended', at, data: { assignments: refs(1) } },
  { type: 'AssignmentsSuspended', at, data: { assignments: refs(2_001) } },
  { type: 'AssignmentsReinstated', at, data: { assignments: refs(2) } },
  { type: 'GroupRelocated', at, data: { groupId: 'u1', parentId: 'hafen-blick' } },
  { type: 'ClockCorrected', at, data: { lastRecorded: at + 5 } },
  { type: 'BillingTermsSet', at, data: { ...billingTerms, effectiveFrom: at } },
  {
    type: 'UsagePeriodClosed',
    at,
    data: {
      periodId: 'hafen-blick:2026-05-01T00:00:00.000Z',
      index: 4,
      from: Date.parse('2026-05-01T00:00:00Z'),
      until: at,
      terms: billingTerms,
      paymentModel: 'postpaid',
      totals: { sip_number: totals(80, 100), mobile_app: totals(0, 0), ukey2: totals(3, 3) },
    },
  },
];
const STOCK_EVENTS: readonly PartnerStockEvent[] = [
  { type: 'PackageRecorded', at, data: { packageId: 'p', name: 'Plus', ...content } },
  { type: 'PackageSold', at, data: { packageId: 'p', soldPackageId: 's', toPartnerId: 'd', name: 'Plus', ...content } },
  {
    type: 'UnitsIssued',
    at,
    data: { packageId: 'p', licenseId: 'l', projectId: 'project', ...content, packageValidUntil: null },
  },
];

const recorded = (streamName: string, event: { type: string; data: unknown }): RecordedEvent => ({
  ...event,
  streamName,
  revision: 0,
  position: 1n,
  metadata: {
    eventId: `event-of-${event.type}`,
    commandId: 'command',
    correlationId: 'correlation',
    causationId: null,
    actor: 'user:administrator',
    tenantId: 'nordlicht',
    recordedAt: '2026-06-01T00:00:01.000Z',
  },
});

/** The tree of the project: group g with unit u1, and groups as deep as they may be. */
const deep = Array.from({ length: 31 }, (_, level) => ({
  groupId: `deep-${level + 1}`,
  parentId: level === 0 ? 'hafen-blick' : `deep-${level}`,
  type: 'custom' as const,
  name: `Level ${level + 1}`,
}));
const opened = (): ProjectStructure => {
  const structure = new ProjectStructure();
  const project = { tenantId: 'nordlicht', partnerId: 'n', name: 'Hafenblick', timeZone: 'UTC' };
  structure.apply({
    type: 'ProjectOpened',
    at,
    data: { projectId: 'hafen-blick', ...project, billingMode: 'prepaid' },
  });
  const groups = [
    { groupId: 'g', parentId: 'hafen-blick', type: 'building', name: 'A' },
    { groupId: 'u1', parentId: 'g', type: 'unit', name: 'Unit 1' },
  ] as const;
  structure.apply({ type: 'GroupsPlaced', at, data: { groups: [...groups, ...deep] } });
  return structure;
};

const publishedOf = (events: readonly ProjectEvent[]) => {
  const structure = opened();
  return events.flatMap((event) =>
    integrationEventsOf(recorded('project-hafen-blick', projectAggregate.encode(event)), (_project, _revision, one) => {
      structure.apply(one);
      return structure;
    }),
  );
};
const published = [
  ...publishedOf(PROJECT_EVENTS),
  ...STOCK_EVENTS.flatMap((event) =>
    integrationEventsOf(recorded('partner_stock-nord-licht', encodePartnerStockEvent(event)), () => null),
  ),
];
const dataOf = (type: LicensingEventType) => published.filter((event) => event.type === type).map(({ data }) => data);

/** One line for each published form. Lines are added, never edited, because consumers rely on them. */
const golden = readFileSync(`${import.meta.dirname}/published-events.golden.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as CloudEvent);
const shortest = (type: LicensingEventType): unknown => {
  const json = published.filter((event) => event.type === type).map((event) => JSON.stringify(event));
  return JSON.parse(json.reduce((a, b) => (b.length < a.length ? b : a)));
};

describe('integration events of the license service', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const schemas = Object.keys(LICENSING_EVENTS) as LicensingEventType[];
  const validators = new Map(schemas.map((type) => [type, ajv.compile(licensingEventSchema(type))]));

  it('covers every type of the contract', () => {
    expect([...new Set(published.map(({ type }) => type))].sort()).toEqual([...schemas].sort());
  });

  it.each(published.map((event) => [event.type, event] as const))('%s keeps to its JSON Schema', (type, event) => {
    const validate = validators.get(type as LicensingEventType)!;
    validate(JSON.parse(JSON.stringify(event)));
    expect(validate.errors).toBeNull();
  });

  it.each(published.map((event) => [event.type, event] as const))(
    '%s says nothing beyond its contract',
    (type, { data }) => {
      expect(LICENSING_EVENTS[type as LicensingEventType].parse(data)).toEqual(data);
    },
  );

  it('has a golden line of what is published of every type', () => {
    for (const type of schemas) expect(golden).toContainEqual(shortest(type));
  });

  it.each(golden.map((event) => [event.type, event] as const))('%s keeps every golden form', (type, event) => {
    const validate = validators.get(type as LicensingEventType)!;
    validate(event);
    expect(validate.errors).toBeNull();
    expect(LICENSING_EVENTS[type as LicensingEventType].parse(event.data)).toEqual(event.data);
  });

  it('lets a consumer of an earlier form read a later one', () => {
    for (const { type, ...event } of published) {
      const later = { ...event, type, data: { ...(event.data as object), addedLater: true } };
      expect([type, validators.get(type as LicensingEventType)!(JSON.parse(JSON.stringify(later)))]).toEqual([
        type,
        true,
      ]);
    }
  });

  it('says when it is in force from, of what, for whom and why', () => {
    expect(published[0]).toMatchObject({
      id: 'event-of-LicenseGranted',
      source: '/license-service',
      subject: 'hafen-blick',
      time: '2026-06-01T00:00:00.000Z',
      dataschema: 'urn:allotree:schema:allotree.license-granted.v1',
      tenantid: 'nordlicht',
      correlationid: 'correlation',
      causationid: 'event-of-LicenseGranted',
      actor: 'user:administrator',
    });
    expect(published.at(-1)?.subject).toBe('nord-licht');
  });

  it('repeats the instant from which it is in force in its data (U5)', () => {
    for (const { data, time } of published) expect(data).toHaveProperty('at', time);
  });

  it('has the whole Licenses section of each group, however it was changed', () => {
    const blocks = (sip_number: number) => [
      {
        allotmentId: 'block',
        type: 'plus',
        units: { sip_number, mobile_app: 1, ukey2: null },
        features: ['siri'],
        validFrom: '2026-06-01T00:00:00.000Z',
        validUntil: null,
      },
    ];
    const sections = dataOf('allotree.restriction-changed.v1');
    const section = (groupId: string, sip_number: number, place: unknown) => ({
      projectId: 'hafen-blick',
      groupId,
      ...settings,
      allotments: blocks(sip_number),
      place,
      at: '2026-06-01T00:00:00.000Z',
    });
    expect(sections).toEqual([
      section('g', 80, settings.place),
      section('u1', 50, null),
      section('u1', 20, null),
      section('g', 75, settings.place),
      section('u1', 25, { kind: 'group', groupId: 'g' }),
    ]);
  });

  it('has all limits of a person', () => {
    expect(dataOf('allotree.member-limits-changed.v1')).toEqual([
      {
        projectId: 'hafen-blick',
        groupId: 'g',
        userId: 'kim',
        limits: { sip_number: 1, mobile_app: null, ukey2: 0 },
        featuresOff: ['siri'],
        place: { kind: 'vendor' },
        at: '2026-06-01T00:00:00.000Z',
      },
    ]);
  });

  it('has the path of every assignment, from the root to its group', () => {
    expect(dataOf('allotree.assignment-made.v1')).toEqual([
      {
        projectId: 'hafen-blick',
        ...ref,
        path: ['hafen-blick', 'g', 'u1'],
        at: '2026-06-01T00:00:00.000Z',
      },
    ]);
    const lists = published.flatMap(({ data }) => (data as { assignments?: { path: string[] }[] }).assignments ?? []);
    expect(lists).toHaveLength(1_001 + 1 + 1 + 1 + 2_001 + 2);
    for (const { path } of lists) expect(path).toEqual(['hafen-blick', 'g', 'u1']);
  });

  it.each([undefined, '\u4e00'.repeat(128)])(
    'stays below 1 MB with the deepest paths of the longest ids, %j',
    (externalId) => {
      const long = (id: string) => id.padEnd(64, 'x');
      const structure = new ProjectStructure();
      structure.apply({
        type: 'GroupsPlaced',
        at,
        data: {
          groups: deep.map(({ groupId, parentId, ...group }) => ({
            ...group,
            groupId: long(groupId),
            parentId: long(parentId),
          })),
        },
      });
      const assignments = refs(1_000).map((one) => ({
        ...one,
        assignmentId: long(one.assignmentId),
        groupId: long('deep-31'),
        ...(externalId !== undefined && { externalId }),
      }));
      const event: ProjectEvent = { type: 'AssignmentsSuspended', at, data: { assignments } };
      const pieces = integrationEventsOf(
        recorded('project-hafen-blick', projectAggregate.encode(event)),
        () => structure,
      );
      expect(pieces.flatMap(({ data }) => (data as { assignments: unknown[] }).assignments)).toHaveLength(1_000);
      expect(Math.max(...pieces.map((piece) => Buffer.byteLength(JSON.stringify(piece))))).toBeLessThan(900_000);
      expect(pieces.length).toBeGreaterThan(1);
    },
  );

  it('names external ids where there are some', () => {
    const structure = opened();
    const path = ['hafen-blick', 'g', 'u1'];
    const named = { ...ref, externalId: 'ERP 1' };
    const inside = { label: 'private', holder: null, sipAssignmentId: null };
    const granted = { ...license, type: 'trial', ...content, source: { kind: 'manual' } } as const;
    const cases: readonly (readonly [ProjectEvent, object])[] = [
      [{ type: 'LicenseGranted', at, data: { ...granted, externalId: 'ERP 1' } }, { externalId: 'ERP 1' }],
      [{ type: 'AssignmentMade', at, data: { ...named, ...inside } }, named],
      [
        {
          type: 'AssignmentsMade',
          at,
          data: {
            assignments: [
              { ...named, ...inside },
              { ...ref, ...inside },
            ],
          },
        },
        {
          assignments: [
            { ...named, path },
            { ...ref, path },
          ],
        },
      ],
      [
        { type: 'AssignmentsReleased', at, data: { assignments: [named], reason: 'released' } },
        { assignments: [{ ...named, path }] },
      ],
      [
        { type: 'AssignmentExternalIdChanged', at, data: { ...ref, externalId: null } },
        { ...ref, externalId: null },
      ],
      [
        { type: 'LicenseExternalIdChanged', at, data: { ...license, externalId: 'E' } },
        { ...license, externalId: 'E' },
      ],
    ];
    for (const [event, data] of cases) {
      const [message] = integrationEventsOf(
        recorded('project-hafen-blick', projectAggregate.encode(event)),
        () => structure,
      );
      const validate = validators.get(message!.type as LicensingEventType)!;
      validate(JSON.parse(JSON.stringify(message)));
      expect([validate.errors, message!.data]).toEqual([
        null,
        expect.objectContaining({ projectId: 'hafen-blick', ...data }),
      ]);
    }
  });

  it('keeps what is private', () => {
    expect(JSON.stringify(published)).not.toContain('private');
  });

  it('cuts long lists, each piece with an id of its own', () => {
    const pieces = published.filter(({ type }) => type === 'allotree.assignments-suspended.v1').slice(1);
    expect(pieces.map(({ data }) => (data as { assignments: unknown[] }).assignments.length)).toEqual([
      1_000, 1_000, 1,
    ]);
    expect(new Set(pieces.map(({ id }) => id)).size).toBe(3);
  });

  it('has nothing to say of what happens inside a project', () => {
    const inside: ProjectEvent = { type: 'GroupRemoved', at, data: { groupId: 'g' } };
    expect(publishedOf([inside])).toEqual([]);
  });
});

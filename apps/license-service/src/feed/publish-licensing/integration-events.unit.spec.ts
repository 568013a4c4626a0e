import { describe, expect, it } from '@jest/globals';
import { LICENSING_EVENTS, licensingEventSchema, type LicensingEventType } from '@allotree/contracts';
import { encodePartnerStockEvent, projectAggregate, type PartnerStockEvent, type ProjectEvent } from '@allotree/domain';
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
const ref = { assignmentId: 'a', groupId: 'g', resource: 'sip_number' } as const;
const refs = (count: number) => Array.from({ length: count }, (_, index) => ({ ...ref, assignmentId: `a${index}` }));
const license = { licenseId: 'l' };

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
  { type: 'LicenseStarted', at, data: license },
  { type: 'LicenseExpired', at, data: license },
  { type: 'BasicLicenseStarted', at, data: { serialNumber: 'AA-12', groupId: 'g' } },
  { type: 'BasicLicenseEnded', at, data: { serialNumber: 'AA-12' } },
  { type: 'AssignmentMade', at, data: { ...ref, label: 'private', holder: 'member', sipAssignmentId: null } },
  {
    type: 'AssignmentsMade',
    at,
    data: {
      assignments: refs(1_001).map((one) => ({ ...one, label: 'private', holder: 'member', sipAssignmentId: null })),
    },
  },
  { type: 'AssignmentsReleased', at, data: { assignments: refs(1), reason: 'released' } },
  { type: 'AssignmentsSuspended', at, data: { assignments: refs(2_001) } },
  { type: 'AssignmentsReinstated', at, data: { assignments: refs(2) } },
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

const published = [
  ...PROJECT_EVENTS.flatMap((event) =>
    integrationEventsOf(recorded('project-hafen-blick', projectAggregate.encode(event))),
  ),
  ...STOCK_EVENTS.flatMap((event) =>
    integrationEventsOf(recorded('partner_stock-nord-licht', encodePartnerStockEvent(event))),
  ),
];

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

  it('keeps what is private', () => {
    expect(JSON.stringify(published)).not.toContain('private');
  });

  it('cuts long lists, each piece with an id of its own', () => {
    const pieces = published.filter(({ type }) => type === 'allotree.assignments-suspended.v1');
    expect(pieces.map(({ data }) => (data as { assignments: unknown[] }).assignments.length)).toEqual([
      1_000, 1_000, 1,
    ]);
    expect(new Set(pieces.map(({ id }) => id)).size).toBe(3);
  });

  it('has nothing to say of what happens inside a project', () => {
    const inside: ProjectEvent = { type: 'GroupRemoved', at, data: { groupId: 'g' } };
    expect(integrationEventsOf(recorded('project-p', projectAggregate.encode(inside)))).toEqual([]);
  });
});

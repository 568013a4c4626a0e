import { dataSchemaOf, sequenceOf, type CloudEvent } from '@allotree/contracts';

/** An event of the license service about a project of the tenant `nordlicht`. */
export const licensing = (id: string, change: Partial<CloudEvent> = {}): CloudEvent => {
  const type = change.type ?? 'allotree.license-suspended.v1';
  return {
    specversion: '1.0',
    id,
    source: '/license-service',
    type,
    subject: 'hafenblick',
    time: '2026-06-01T08:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: 'nordlicht',
    correlationid: `correlation of ${id}`,
    causationid: null,
    actor: 'user:ada',
    sequence: sequenceOf(7),
    data: { projectId: 'hafenblick', licenseId: 'plus', reason: `reason of ${id}` },
    ...change,
  };
};

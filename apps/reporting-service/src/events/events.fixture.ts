import { dataSchemaOf, sequenceOf, type CloudEvent } from '@allotree/contracts';

/** An event as the license service publishes it. */
export const published = (number: number, change: Partial<CloudEvent> = {}): CloudEvent => {
  const type = change.type ?? 'allotree.license-suspended.v1';
  return {
    specversion: '1.0',
    id: `event-${number}`,
    source: '/license-service',
    type,
    subject: 'hafenblick',
    time: '2026-06-01T08:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: 'nordlicht',
    correlationid: `correlation-${number}`,
    causationid: null,
    actor: 'user:ada',
    sequence: sequenceOf(number),
    data: { projectId: 'hafenblick', licenseId: 'plus', reason: `reason ${number}` },
    ...change,
  };
};

/** Numbers from one to another, both included. */
export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Which events somebody asks for, and can see. `null`: all. */
export interface EventFilter {
  readonly tenants: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly subject: string | null;
}

/** The fields of an event that a filter compares. */
export interface EventHead {
  readonly tenant_id: string | null;
  readonly type: string;
  readonly subject: string;
}

export const matches = ({ tenants, types, subject }: EventFilter, event: EventHead): boolean =>
  (tenants === null || (event.tenant_id !== null && tenants.includes(event.tenant_id))) &&
  (types === null || types.includes(event.type)) &&
  (subject === null || subject === event.subject);

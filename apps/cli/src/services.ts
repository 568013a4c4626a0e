import type { Api } from '@allotree/api-client';

export const SERVICES = ['group-service', 'license-service', 'reporting-service'] as const;

export interface Projection {
  readonly service: string;
  readonly name: string;
  /** Events to process, counted to 1,000. */
  readonly behind: number;
  readonly rebuildable: boolean;
}

/** The projections and reactors of all services. */
export async function projectionsOf(api: Api, services: readonly string[] = SERVICES): Promise<Projection[]> {
  const all = services.map(async (service) => {
    const { items } = await api.get<{ items: Omit<Projection, 'service'>[] }>(`/${service}/projections`);
    return items.map((item) => ({ service, ...item }));
  });
  return (await Promise.all(all)).flat();
}

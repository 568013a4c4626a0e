import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '@allotree/api-client';
import { CliError } from './exit-codes.js';
import { apiPath } from './references.js';

export const SERVICES = ['group-service', 'license-service', 'reporting-service'] as const;

const LOOK_MS = 200;

export interface TableDifference {
  readonly table: string;
  readonly missing: number;
  readonly changed: number;
  readonly superfluous: number;
  readonly keys: readonly Readonly<Record<string, string>>[];
}

/** A projection built once more and compared with its rows. */
export interface ProjectionCheck {
  readonly checkId: string;
  readonly kind: 'rebuild' | 'verify';
  readonly status: 'running' | 'equal' | 'different' | 'failed' | 'interrupted';
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly differences: readonly TableDifference[];
  readonly error: string | null;
}

export interface Projection {
  readonly service: string;
  readonly name: string;
  /** Events to process, counted to 1,000. */
  readonly behind: number;
  readonly rebuildable: boolean;
  readonly verifiable: boolean;
  readonly lastCheck: ProjectionCheck | null;
}

/** The projections and reactors of all services. */
export async function projectionsOf(api: Api, services: readonly string[] = SERVICES): Promise<Projection[]> {
  const all = services.map(async (service) => {
    const { items } = await api.get<{ items: Omit<Projection, 'service'>[] }>(`/${service}/projections`);
    return items.map((item) => ({ service, ...item }));
  });
  return (await Promise.all(all)).flat();
}

/** Begins a check. @returns its id; `null`: the projection has no check and is filled again */
export async function beginCheck(
  api: Api,
  { service, name }: Pick<Projection, 'service' | 'name'>,
  kind: ProjectionCheck['kind'],
): Promise<string | null> {
  const path = apiPath`/${service}/projections/${name}`;
  return (await api.post<{ checkId: string | null }>(`${path}/${kind}`, undefined)).checkId;
}

/** The check once it has ended. */
export async function endedCheck(
  api: Api,
  { service, name }: Pick<Projection, 'service' | 'name'>,
  checkId: string,
): Promise<ProjectionCheck> {
  for (;;) {
    const check = (await projectionsOf(api, [service])).find((each) => each.name === name)?.lastCheck;
    if (check?.checkId !== checkId) throw new CliError(`another check of ${name} has begun meanwhile`);
    if (check.status !== 'running') return check;
    await sleep(LOOK_MS);
  }
}

/** Waits until a projection has applied every event. */
export async function caughtUp(api: Api, { service, name }: Pick<Projection, 'service' | 'name'>): Promise<void> {
  const behind = async (): Promise<number> =>
    (await projectionsOf(api, [service])).find((each) => each.name === name)?.behind ?? 0;
  while ((await behind()) > 0) await sleep(LOOK_MS);
}

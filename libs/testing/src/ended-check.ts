import { setTimeout as sleep } from 'node:timers/promises';

interface Listed {
  readonly items: readonly { readonly name: string; readonly lastCheck: EndedCheck | null }[];
}

export interface EndedCheck {
  readonly kind: string;
  readonly status: string;
  readonly differences: readonly unknown[];
}

/** The latest rebuild or verification of a projection, once it has ended. */
export async function endedCheck(
  list: (path: string) => Promise<unknown>,
  service: string,
  name: string,
): Promise<EndedCheck> {
  for (;;) {
    const { items } = (await list(`/${service}/projections`)) as Listed;
    const check = items.find((each) => each.name === name)?.lastCheck;
    if (check && check.status !== 'running') return check;
    await sleep(20);
  }
}

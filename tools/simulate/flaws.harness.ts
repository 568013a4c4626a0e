import type { StoreFlaws } from './event-store.harness.js';

/** Mistakes built into the simulated ports, to prove that the checks find them. */
export type Flaws = StoreFlaws;

/** Each by its name. */
export const FLAWS = {
  answersBeforeAppend: { answersBeforeAppend: true },
  sendsTwice: { sendsTwice: true },
} as const satisfies Readonly<Record<string, Flaws>>;

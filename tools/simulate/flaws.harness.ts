import type { BusFlaws } from './bus.harness.js';
import type { DatabaseFlaws } from './database.harness.js';
import type { StoreFlaws } from './event-store.harness.js';
import type { MailFlaws } from './mails.harness.js';

/** Mistakes built into the simulated ports, to prove that the checks find them. */
export type Flaws = StoreFlaws & DatabaseFlaws & BusFlaws & MailFlaws;

/** Each by its name. */
export const FLAWS = {
  answersBeforeAppend: { answersBeforeAppend: true },
  sendsTwice: { sendsTwice: true },
  skipsHorizon: { skipsHorizon: true },
  /** Alone it makes no difference: the positions that a holder expects protect checkpoints as well. */
  dropsFence: { dropsFence: true },
  losesMessages: { losesMessages: true },
  dropsClaim: { dropsClaim: true },
  dropsFenceAndPosition: { dropsFence: true, dropsPosition: true },
} as const satisfies Readonly<Record<string, Flaws>>;

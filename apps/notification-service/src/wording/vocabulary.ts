import type { FeatureName, LicenseTypeName, ResourceName, WebhookDisabledReason } from '@allotree/contracts';
import type { z } from 'zod';

/** The forms of a noun by the plural categories of its language; German and English have these two. */
export interface Noun {
  readonly one: string;
  readonly other: string;
}

type Resource = z.infer<typeof ResourceName>;
type Feature = z.infer<typeof FeatureName>;
type LicenseType = z.infer<typeof LicenseTypeName>;

/** A number with its noun, and whether it takes the verb in the plural. */
export interface Amount {
  readonly words: string;
  readonly isPlural: boolean;
}

/** The lines below a group in a mail. */
export interface FactLines {
  ends(date: string, daysLeft: string): string;
  stopsThen(resources: string): string;
  afterwards(license: string): string;
  ended(date: string): string;
  stopped(resources: string): string;
  graceUntil(date: string): string;
  stopsAfterGrace(resources: string): string;
  switchedOff(features: string): string;
  now(license: string): string;
  worksAgain(resources: string): string;
  validUntil(date: string): string;
}

/** Stands where there is nothing to name. */
export interface FallbackWords {
  readonly recipient: string;
  readonly inviter: string;
  readonly noLicense: string;
  readonly noFeatures: string;
  readonly nothingInUse: string;
  readonly nothingInUseNow: string;
  readonly everythingAllotted: string;
  readonly withoutEnd: string;
  readonly unlimitedTime: string;
}

/** All words of mails in one language that are in no template. */
export interface Vocabulary {
  /** Decides on forms of numbers, dates and lists. */
  readonly locale: string;
  readonly resources: Readonly<Record<Resource, Noun>>;
  readonly features: Readonly<Record<Feature, string>>;
  readonly licenses: Readonly<Record<LicenseType, string>>;
  /** The built-in roles. */
  readonly roles: Readonly<Record<string, string>>;
  readonly group: Noun;
  readonly day: Noun;
  /** As it follows "in". */
  readonly dayAhead: Noun;
  readonly fallbacks: FallbackWords;
  readonly facts: FactLines;
  /** `null`: without a name. */
  greeting(name: string | null): string;
  more(number: string): string;
  moment(date: string, time: string, timeZone: string): string;
  /** A sentence about an end to come. `null`: how much stops then is not known. */
  whatStops(amount: Amount | null): string;
  readonly nothingStops: string;
  /** Sentences about a webhook endpoint that was disabled. */
  readonly webhookDisabled: Readonly<Record<WebhookDisabledReason, string>>;
}

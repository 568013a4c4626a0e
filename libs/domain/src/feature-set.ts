import { FEATURES, type Feature } from './words.js';

/** A set of features as a bit mask in the order of `FEATURES`: cheap to store, join and intersect. Only in memory: the order may change. */
export type FeatureSet = number;

export const NO_FEATURES: FeatureSet = 0;
export const ALL_FEATURES: FeatureSet = (1 << FEATURES.length) - 1;

const bitOf = new Map<Feature, number>(FEATURES.map((feature, index) => [feature, 1 << index]));
const lists = new Map<FeatureSet, readonly Feature[]>();

export const featureSet = (features: readonly Feature[]): FeatureSet =>
  features.reduce((set, feature) => set | (bitOf.get(feature) ?? 0), NO_FEATURES);

export const hasFeature = (set: FeatureSet, feature: Feature): boolean => (set & (bitOf.get(feature) ?? 0)) !== 0;

/** The features of a set in the order of `FEATURES`; equal sets give the same array, so a large state holds it once. */
export function featureList(set: FeatureSet): readonly Feature[] {
  let list = lists.get(set);
  if (!list) {
    list = Object.freeze(FEATURES.filter((feature) => hasFeature(set, feature)));
    lists.set(set, list);
  }
  return list;
}

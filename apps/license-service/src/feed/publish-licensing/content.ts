import { datesIn, type Allotment, type Instant, type License, type PackageContent } from '@allotree/domain';

export const iso = (instant: Instant): string => new Date(instant).toISOString();
export const isoOrNull = (instant: Instant | null): string | null => (instant === null ? null : iso(instant));

export const contentOf = ({ units, features, validFrom, validUntil }: PackageContent | License | Allotment) => ({
  units,
  features: [...features],
  validFrom: iso(validFrom),
  validUntil: isoOrNull(validUntil),
});

export const packageOf = (content: PackageContent) => ({ ...contentOf(content), ...datesIn(content) });

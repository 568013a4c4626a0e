/** A text in the address; anything else is ignored. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** An instant in the address; anything else is ignored. */
export const instant = (value: unknown): string | undefined =>
  Number.isNaN(Date.parse(text(value) ?? '')) ? undefined : text(value);

/** A date in the address; anything else is ignored. */
export const date = (value: unknown): string | undefined => {
  const day = text(value);
  return day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day) ? instant(day) : undefined;
};

/** Ids of events, separated by commas; anything else is ignored. */
export const eventIds = (value: unknown): string | undefined => {
  const ids = text(value);
  return ids !== undefined && /^[\w-]{1,64}(,[\w-]{1,64}){0,11}$/.test(ids) ? ids : undefined;
};

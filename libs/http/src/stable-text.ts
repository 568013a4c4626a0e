import stringify from 'safe-stable-stringify';

const isSimple = (value: unknown): boolean => typeof value !== 'object' || value === null;
/** Whether nothing in it is a list or an object. */
const isFlat = (value: object): boolean => Object.values(value).every(isSimple);

/**
 * The text of a JSON value, the same for every order of members, in pieces: the same as `stringify` of it. A large one
 * is put together in slices.
 */
export function* stableText(value: unknown): Generator<string, void> {
  if (typeof value !== 'object' || value === null || isFlat(value)) {
    yield stringify(value) ?? '';
  } else if (Array.isArray(value)) {
    yield '[';
    for (const [index, item] of (value as unknown[]).entries()) {
      if (index > 0) yield ',';
      yield* stableText(item);
    }
    yield ']';
  } else {
    let separator = '{';
    for (const key of Object.keys(value).sort()) {
      yield `${separator}${JSON.stringify(key)}:`;
      yield* stableText((value as Record<string, unknown>)[key]);
      separator = ',';
    }
    yield '}';
  }
}

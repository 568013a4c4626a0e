/** Longest name of a group, in UTF-16 code units after trimming. */
export const MAX_NAME_LENGTH = 200;

/** A name as it is stored: no space around it, Unicode NFC. */
export const tidyName = (name: string): string => name.normalize('NFC').trim();

/**
 * What two names of siblings are compared by (domain.md G1): trimmed, Unicode NFC and without regard to case, so that
 * "House a" and " house A" are one name to a person and to the tree.
 */
export const nameKey = (name: string): string => tidyName(name).toLowerCase();

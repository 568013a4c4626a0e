import { refuse } from './decision.js';

/** Longest name of a group, in UTF-16 code units after trimming. */
export const MAX_NAME_LENGTH = 200;

const WHITE_SPACE = /\p{White_Space}+/gu;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const IGNORABLE = /\p{Default_Ignorable_Code_Point}+/gu;

/** Printable ASCII with single spaces inside: already in its stored form. */
const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

const oneLine = (text: string): string => text.replace(WHITE_SPACE, ' ').replace(/^ | $/g, '');

/** The stored form of a name (G1): as typed, in Unicode NFC, trimmed, with runs of white space collapsed to one space. */
export const tidyName = (name: string): string => (PLAIN.test(name) ? name : oneLine(name.normalize('NFC')));

/**
 * Case folding, which JavaScript lacks, by way of capitals: `ß` and `SS` are one. The dotless `ı` of Turkish has the capital
 * of `i` but folds to itself; the final sigma folds to the sigma.
 */
const foldCase = (text: string): string =>
  text.replace(/[^ı]+/gu, (run) => run.toUpperCase().toLowerCase()).replaceAll('ς', 'σ');

/**
 * The key that names are compared by (G1): NFKC and case folding, without characters of no width, so that names that look
 * equal are equal: "House a" and " HOUSE  A", "Straße" and "STRASSE", "Ａ" and "a".
 */
export const nameKey = (name: string): string => {
  if (PLAIN.test(name)) return name.toLowerCase();
  if (PRINTABLE_ASCII.test(name)) return oneLine(name).toLowerCase();
  const folded = foldCase(name.normalize('NFKC').replace(IGNORABLE, '')).normalize('NFKC');
  return oneLine(foldCase(folded).normalize('NFKC'));
};

/** Whether two names are equal (G1). */
export const isSameName = (one: string, other: string): boolean => nameKey(one) === nameKey(other);

/**
 * Invisible characters: controls, bidirectional and other formats, lone surrogates, private use, unassigned, and characters
 * without width by definition (Unicode tags, fillers, word joiners, variation selectors).
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Why a name is refused; `null`: it is accepted. */
export const nameFault = (name: string): string | null => {
  if (hasUnseenCharacters(name)) return 'must not contain characters that cannot be seen';
  return nameKey(name) === '' ? 'must not be empty' : null;
};

/** The refusal of a name; `null`: it is accepted, or there is none. */
export const refuseName = (
  field: string,
  name: string | null,
): { readonly ok: false; readonly refusal: NameRefusal } | null => {
  const message = name === null ? null : nameFault(name);
  return message === null ? null : refuse({ code: 'VALIDATION', field, message });
};

interface NameRefusal {
  readonly code: 'VALIDATION';
  readonly field: string;
  readonly message: string;
}

/** Scripts whose spelling needs the joiners U+200C and U+200D between letters (Persian, Indic languages and their like). */
const JOINING =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Nko}\\p{Script=Devanagari}\\p{Script=Bengali}' +
  '\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}' +
  '\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}]';
const LETTER_JOINER = new RegExp(`(?<=${JOINING}\\p{M}*)[\\u200c\\u200d](?=${JOINING})`, 'gu');
/** An emoji made of several: joined people, a heart shown in color, a key cap. Flags spelled with tags are not among them. */
const EMOJI_SEQUENCE =
  /\p{Extended_Pictographic}[\ufe0e\ufe0f]?\p{Emoji_Modifier}?(?:\u200d\p{Extended_Pictographic}[\ufe0e\ufe0f]?\p{Emoji_Modifier}?)*(?!\u200d|\ufe0e|\ufe0f)|[0-9#*]\ufe0f\u20e3/gu;
/** Variants of Han characters, which families and places write their names with. */
const HAN_VARIANT = /(?<=\p{Script=Han})[\u{e0100}-\u{e01ef}]/gu;

/**
 * Whether a name contains an invisible character (G1), or no visible one. Joiners are allowed between letters of scripts
 * that need them, and the parts of an emoji or a Han variant are allowed inside one.
 */
export const hasUnseenCharacters = (name: string): boolean => {
  if (PRINTABLE_ASCII.test(name)) return false;
  const rest = name.replace(EMOJI_SEQUENCE, '').replace(HAN_VARIANT, '').replace(LETTER_JOINER, '');
  return INVISIBLE.test(rest);
};

const SEPARATORS = /[\s.:\-\u2010-\u2015]+/gu;

/** The key that serial numbers are compared by: without case and without the separators that labels and people add. */
export const serialKey = (serialNumber: string): string =>
  serialNumber.normalize('NFKC').replace(SEPARATORS, '').toUpperCase();

/** Controls, line and paragraph separators, halves of pairs, private use; formats such as bidirectional overrides. */
const BREAKS = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu;
/** The joiners U+200C and U+200D belong to the spelling of Persian and of Indian languages. */
const UNSEEN = /(?![\u200c\u200d])\p{Cf}/gu;
const SCHEME = /[a-z][a-z0-9+.-]{0,30}:\/+/giu;
/** A dot, or what browsers take for one, inside what a mail reader would make a link of: `evil.example`, `St.Pauli`. */
const DOT_OF_NAME = /(?<=[\p{L}\p{M}\p{N}_-])[.\u3002\uff0e\uff61](?=[\p{L}\p{M}])/gu;
const IP_ADDRESS = /\d{1,3}(?:[.\u3002\uff0e\uff61]\d{1,3}){3}/gu;

export const LONGEST_NAME_IN_MAIL = 80;

/**
 * A name or free text for a mail to a person who did not request it: one line, without anything that a mail client turns into
 * a link, at most `longest` characters.
 */
export function linklessText(text: string, longest = LONGEST_NAME_IN_MAIL): string {
  // Nothing beyond this is shown, so that the cost does not follow from what somebody sends.
  const visible = text
    .slice(0, longest * 8)
    .normalize('NFC')
    .replace(UNSEEN, '')
    .replace(BREAKS, ' ');
  const withoutLinks = visible
    .replace(SCHEME, '')
    .replace(DOT_OF_NAME, '. ')
    .replace(IP_ADDRESS, (address) => address.replace(/[.\u3002\uff0e\uff61]/gu, '. '))
    .trim();
  const characters = [...withoutLinks];
  return characters.length <= longest
    ? withoutLinks
    : `${characters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`;
}

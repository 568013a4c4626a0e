import { Email } from '@allotree/contracts';
import { asciiDomain } from '@allotree/domain';

/** Somebody's address, with the name it is shown under. */
export interface Mailbox {
  readonly name: string | null;
  readonly address: string;
}

/** Control characters (line breaks above all) and what ends or quotes a name never get near a header. */
const UNSAFE = /[\p{Cc}\u2028\u2029"<>\\]+/gu;

/** `a@b.example` or `Name <a@b.example>`; `null`: it is neither. */
export function mailboxOf(text: string): Mailbox | null {
  const named = /^([^<>]*)<([^<>]+)>$/.exec(text.trim());
  const address = Email.safeParse(named?.[2] ?? text.trim());
  if (!address.success) return null;
  const name = headerText(named?.[1] ?? '');
  return { name: name === '' ? null : name, address: address.data };
}

const LONGEST_SUBJECT = 250;

/** Text fit for one line of a header. */
export const headerText = (text: string): string => text.replace(UNSAFE, ' ').replace(/\s+/g, ' ').trim();

/** A subject keeps its quotes and brackets; only what would end the line, and what is too long, goes. */
export function subjectText(text: string): string {
  const line = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= LONGEST_SUBJECT ? line : `${characters.slice(0, LONGEST_SUBJECT - 1).join('')}…`;
}

/** The domain of an address, in ASCII. */
export const hostOf = (address: string): string => asciiDomain(address.slice(address.lastIndexOf('@') + 1));

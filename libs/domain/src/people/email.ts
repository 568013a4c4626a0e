// eslint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;
/** Characters at which a URL would end its host, or read a part of it as something else. */
// eslint-disable-next-line no-control-regex
const NO_HOST = /[\u0000-\u0020\u007f@:/\\?#[\]%<>^|]/;

/**
 * A domain as the DNS knows it (IDNA, UTS #46): letters beyond ASCII in Punycode. ASCII is unchanged, and
 * so is a text that is no domain.
 */
export function asciiDomain(domain: string): string {
  if (ASCII.test(domain) || NO_HOST.test(domain)) return domain;
  try {
    return new URL(`http://${domain}`).hostname;
  } catch {
    return domain;
  }
}

/** The local part, and the domain in ASCII; `null`: there is no domain. */
function partsOf(email: string): { readonly local: string; readonly domain: string } | null {
  const at = email.lastIndexOf('@');
  return at === -1 ? null : { local: email.slice(0, at), domain: asciiDomain(email.slice(at + 1)) };
}

/** The address with its domain in ASCII, as mail servers route it. Only the recipient's server interprets the local part. */
export function routableEmail(email: string): string {
  const parts = partsOf(email);
  return parts === null ? email : `${parts.local}@${parts.domain}`;
}

/**
 * The key that e-mail addresses are compared by: the domain by IDNA, everything in lower case and NFC. The local part is not
 * folded further, because folding compatibility forms or accents would send mails of one account to a look-alike's mailbox.
 */
export function emailKey(email: string): string {
  if (ASCII.test(email)) return email.trim().toLowerCase();
  return routableEmail(email.normalize('NFC').trim()).toLowerCase().normalize('NFC');
}

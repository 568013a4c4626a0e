const SHORTEST = 10;
/** Shorter common passwords cannot be chosen in any case. */
const SHORTEST_COMMON = 8;
/** So much more than the own name before the @ a password must have. */
const BESIDE_NAME = 4;

const invisible = /[\s\p{Cc}\p{Cf}]/gu;
const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(invisible, '');

let common: Promise<ReadonlySet<string>> | undefined;

/** The commonest passwords of leaked lists. Unpacked when a password is first chosen: some 100 ms and 15 MB. */
async function loadCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((one) => one.length >= SHORTEST_COMMON));
}

/**
 * Why somebody should not choose this password, as the end of a sentence that begins with its name; `null`: it will do. Long
 * rather than strange: there are no rules of composition.
 * @param email the address of whose account it is
 */
export async function passwordFault(password: string, email: string): Promise<string | null> {
  const core = plain(password);
  if (core === '') return 'must not be blank';
  if (core.length < SHORTEST) return `must have at least ${SHORTEST} characters, not counting blanks`;
  const address = plain(email);
  const name = address.slice(0, address.lastIndexOf('@'));
  if (core.includes(address) || core === name || (name.length > 3 && core.replaceAll(name, '').length < BESIDE_NAME))
    return 'must not be the own e-mail address, or little more than the part before the @';
  common ??= loadCommon();
  return (await common).has(core) ? 'is one of the passwords most often used: choose another' : null;
}

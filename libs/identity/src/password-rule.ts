const SHORTEST = 10;
/** Shorter common passwords are too short in any case. */
const SHORTEST_COMMON = 8;
/** How much longer than the part before the @ a password must be. */
const BESIDE_NAME = 4;

const invisible = /[\s\p{Cc}\p{Cf}]/gu;
const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(invisible, '');

let common: Promise<ReadonlySet<string>> | undefined;

/** The most common passwords of leaked lists. Unpacked when the first password is chosen: some 100 ms and 15 MB. */
async function loadCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((one) => one.length >= SHORTEST_COMMON));
}

/**
 * Why a password is refused, as the end of a sentence that begins with its name; `null`: it is accepted. Length rather than complexity:
 * there are no composition rules.
 * @param email the address of the account
 */
export async function passwordFault(password: string, email: string): Promise<string | null> {
  const core = plain(password);
  if (core === '') return 'must not be blank';
  if (core.length < SHORTEST) return `must have at least ${SHORTEST} characters, not counting blanks`;
  const address = plain(email);
  const name = address.slice(0, address.lastIndexOf('@'));
  if (core.includes(address) || core === name || (name.length > 3 && core.replaceAll(name, '').length < BESIDE_NAME))
    return 'must not be your own e-mail address, or little more than the part before the @';
  common ??= loadCommon();
  return (await common).has(core) ? 'is one of the passwords most often used: choose another' : null;
}

import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isGlobalAddress } from './global-address.js';

/** The addresses of a host name; none where it has none or nobody answers. */
export type ResolveHost = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Names that are never on the internet, whatever a resolver says of them. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa)$/;

const withoutBrackets = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

/**
 * Asks the name servers without the thread pool of the process, which one slow name server could occupy, and without `/etc/hosts` and
 * search domains.
 */
export const resolveByNameServers: ResolveHost = async (host, signal) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/** As other programs of this machine do: for development. */
export const resolveLikeOtherPrograms: ResolveHost = async (host) => {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
};

/** The one refusal for a name without addresses and for one with others: callers learn nothing about names inside a network. */
export const NO_PUBLIC_ADDRESS = 'its host has no public address, or not only public ones';

/**
 * The addresses of the host of a URL. With one that is not global there are none: nobody is sent to the others either.
 * @param host as in `URL.hostname`
 */
export async function addressesOf(
  host: string,
  { allowInsecure, resolve }: { readonly allowInsecure: boolean; readonly resolve: ResolveHost },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const name = withoutBrackets(host);
  if (isIP(name) !== 0) return allowInsecure || isGlobalAddress(name) ? [name] : [];
  if (allowInsecure) return resolve(name, signal);
  // A name of the internet has a dot.
  const plain = name.toLowerCase().replace(/\.$/, '');
  if (LOCAL_NAME.test(plain) || !plain.includes('.')) return [];
  const addresses = await resolve(name, signal);
  return addresses.every(isGlobalAddress) ? addresses : [];
}

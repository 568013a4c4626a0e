import { Problem } from '@allotree/http';
import { addressesOf, NO_PUBLIC_ADDRESS, type ResolveHost } from './host-addresses.js';

const RESOLVE_WITHIN_MS = 5_000;

/**
 * Checks a URL that a caller names, before it is kept. It is checked again at every attempt, because names can change.
 * @throws Problem `URL_NOT_ALLOWED`
 */
export async function checkUrl(
  text: string,
  settings: { readonly allowInsecure: boolean; readonly resolve: ResolveHost },
): Promise<void> {
  const url = new URL(text);
  const refuse = (reason: string): never => {
    throw new Problem('URL_NOT_ALLOWED', `Webhooks cannot be sent to this URL: ${reason}`, { field: 'url', reason });
  };
  if (url.protocol !== 'https:' && !settings.allowInsecure) refuse('it must begin with https://');
  if (url.username !== '' || url.password !== '') refuse('it must not contain a user name or password');
  if (url.hash !== '') refuse('it must not contain a fragment');
  const addresses = await addressesOf(url.hostname, settings, AbortSignal.timeout(RESOLVE_WITHIN_MS));
  if (addresses.length === 0) refuse(NO_PUBLIC_ADDRESS);
}

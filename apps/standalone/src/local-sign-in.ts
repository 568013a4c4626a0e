import { ownService } from '@allotree/http';
import { signToken } from '@allotree/identity';
import type { DataFolder } from './data-folder.js';

const SIGN_IN_SECONDS = 3_600;

/**
 * Keeps a short-lived session of the administrator for tools of this machine in the data folder, renewed in time, until
 * `end()`.
 * @param url where the system answers
 * @param clocks where the clocks of its processes are moved
 */
export const keepSignIn = async (
  folder: DataFolder,
  url: string,
  { ADMIN_EMAIL, TOKEN_SECRET }: { readonly ADMIN_EMAIL: string; readonly TOKEN_SECRET: string },
  clocks?: readonly string[],
): Promise<{ end(): Promise<void> }> => {
  const principal = ownService('local-tools', ADMIN_EMAIL);
  const leave = async (): Promise<void> => {
    const accessToken = await signToken(principal, { secret: TOKEN_SECRET, lifetimeSeconds: SIGN_IN_SECONDS });
    await folder.leaveSignIn({
      url,
      accessToken,
      expiresAt: new Date(Date.now() + SIGN_IN_SECONDS * 1_000).toISOString(),
      ...(clocks && { clocks }),
    });
  };
  await leave();
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(
    () => {
      renewing = renewing.then(leave).catch(() => undefined);
    },
    (SIGN_IN_SECONDS / 2) * 1_000,
  );
  return {
    end: async () => {
      clearInterval(timer);
      await renewing;
      await folder.removeSignIn();
    },
  };
};

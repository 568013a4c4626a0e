const DATABASE_REASONS: Readonly<Record<string, string>> = {
  '28P01': 'it does not accept the password',
  '28000': 'it does not let this user in',
  '3D000': 'there is no such database',
  '57P03': 'it is starting or stopping',
  '53300': 'it has no connection left',
};

/** One line for one who cannot read stacks; `null` where only the stack helps. */
export function startFailure(error: unknown, { PORT, HOST }: { PORT: number; HOST: string }): string | null {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `port ${PORT} is in use by another program. Stop it, or choose another port: PORT=8081`;
  if (code === 'EACCES') return `port ${PORT} may not be used by this user. Choose another one with PORT.`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${HOST} is no address of this machine.`;
  if (code === undefined) return null;
  if (Object.hasOwn(DATABASE_REASONS, code)) return `the database cannot be used: ${DATABASE_REASONS[code]} (${code}).`;
  if (['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT'].includes(code))
    return `a server cannot be reached${address === undefined ? '' : ` at ${address}:${port}`} (${code}): is it running, and is its URL right?`;
  return null;
}

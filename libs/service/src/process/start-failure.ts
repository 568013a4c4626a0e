import { StartError } from '@allotree/basics/start-error';

const DATABASE_REASONS: Readonly<Record<string, string>> = {
  '28P01': 'it does not accept the password. Correct DATABASE_URL',
  '28000': 'it does not let this user in. Correct DATABASE_URL, or its pg_hba.conf',
  '3D000': 'there is no such database. Create it, or correct DATABASE_URL',
  '42501': 'the user of DATABASE_URL lacks a permission there. Make it the owner of the database',
  '53100': 'its disk is full. Free space there',
  '53300': 'it has no connection left. Raise its max_connections, or lower DATABASE_POOL_SIZE',
  '57P03': 'it is starting or stopping. Start again in a moment',
};
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT']);
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);
const MORE_FILES = 'Raise the limit: ulimit -n 4096, LimitNOFILE=4096 in systemd, --ulimit nofile=4096 in Docker.';
const DEEPEST = 5;

interface Address {
  readonly PORT: number;
  readonly HOST: string;
}
type SystemError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

/** One sentence with a remedy, for readers who cannot use a stack; `null` where only the stack helps. */
export function startFailure(error: unknown, address: Address): string | null {
  for (const each of causesOf(error, DEEPEST)) {
    const sentence = each instanceof StartError ? each.message : sentenceOf(each, address);
    if (sentence !== null) return sentence;
  }
  return null;
}

function causesOf(error: unknown, depth: number): Error[] {
  if (!(error instanceof Error) || depth === 0) return [];
  const below: readonly unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  return [error, ...below.flatMap((each) => causesOf(each, depth - 1))];
}

function sentenceOf(error: SystemError, address: Address): string | null {
  const { code } = error;
  if (code === undefined) return null;
  return ofListening(error, address) ?? ofFiles(error) ?? ofDatabase(code) ?? ofServers(error);
}

function ofListening({ code, syscall }: SystemError, { PORT, HOST }: Address): string | null {
  if (code === 'EADDRINUSE')
    return `port ${PORT} is in use by another program. Stop it, or choose another port: PORT=${PORT === 8_081 ? 8_082 : 8_081}`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${HOST} is not an address of this machine. Correct HOST.`;
  if (code !== undefined && DENIED.has(code) && (syscall === 'listen' || syscall === 'bind'))
    return `port ${PORT} may not be used by this user. Choose another one with PORT.`;
  return null;
}

function ofFiles({ code = '', path, syscall }: SystemError): string | null {
  if (code === 'EMFILE' || code === 'ENFILE')
    return `this process needs more open files than it is permitted (${code}). ${MORE_FILES}`;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `there is no space left on the disk${path === undefined ? '' : ` for ${path}`} (${code}). Free space and start again.`;
  if (DENIED.has(code) && path !== undefined)
    return `${path} cannot be used by this user (${syscall}: ${code}). Give it to the user who starts Allotree, or use another DATA_DIR.`;
  return null;
}

const ofDatabase = (code: string): string | null =>
  Object.hasOwn(DATABASE_REASONS, code) ? `the database cannot be used: ${DATABASE_REASONS[code]} (${code}).` : null;

function ofServers({
  code = '',
  address,
  port,
  hostname,
}: SystemError & { readonly hostname?: string }): string | null {
  if (!AWAY.has(code)) return null;
  const where = address === undefined ? hostname : `${address}:${port}`;
  return `a server cannot be reached${where === undefined ? '' : ` at ${where}`} (${code}). Check that it is running and that its URL is right.`;
}

import { StartError } from '@allotree/basics/start-error';

/** There is no room for the server to start; it starts once there is. */
export class DiskFull extends StartError {
  override readonly name = 'DiskFull';
}

/** Error messages of PostgreSQL at start, and what to do about them. */
const CAUSES: readonly { readonly sign: RegExp; readonly advice: (dataDir: string) => string }[] = [
  {
    sign: /No space left on device/,
    advice: (dataDir) => `The disk is full. Free space on the file system of ${dataDir} and start again.`,
  },
  {
    sign: /checkpoint record|invalid magic number|could not (?:open|locate|read) .*(?:pg_wal|WAL)|incorrect (?:resource manager )?data checksum/,
    advice: () =>
      'Its write-ahead log is damaged. Restore DATA_DIR from a backup; pg_resetwal would start it without what was committed last.',
  },
  {
    sign: /insufficient file descriptors|Too many open files/,
    advice: () =>
      'It is not permitted to open enough files. Raise the limit: ulimit -n 4096, LimitNOFILE=4096 in systemd, --ulimit nofile=4096 in Docker.',
  },
  {
    sign: /could not (?:create|map|resize) (?:anonymous )?shared memory|Cannot allocate memory/,
    advice: () => 'There is too little memory for it. Give the machine or the container more.',
  },
  {
    sign: /has wrong ownership|has invalid permissions|Permission denied/,
    advice: (dataDir) =>
      `It cannot use its files. Start as the user who owns ${dataDir}, and give that folder back to that user (chown -R).`,
  },
  {
    sign: /database files are incompatible|could not read file|not a valid data directory|invalid data in file|is corrupted/,
    advice: () => 'Its files are damaged, or made by another PostgreSQL. Restore DATA_DIR from a backup.',
  },
];

/** One sentence from the output of a server that did not start; `null` where no known cause is found. */
export function serverFailure(dataDir: string, written: string): StartError | null {
  const complaints = written.split('\n').filter((line) => /(?:FATAL|PANIC|ERROR|error):/.test(line));
  for (const { sign, advice } of CAUSES) {
    const complaint = complaints.find((line) => sign.test(line));
    if (complaint !== undefined) return failure(dataDir, complaint, advice(dataDir));
  }
  return null;
}

/** For an unknown cause. */
export const unknownFailure = (dataDir: string, written: string): StartError =>
  failure(
    dataDir,
    written.split('\n').findLast((line) => /(?:FATAL|PANIC|ERROR|error):/.test(line)) ?? 'it gave no reason',
    `See ${dataDir}/postgres.log.`,
  );

const failure = (dataDir: string, complaint: string, advice: string): StartError =>
  new (/No space left on device/.test(complaint) ? DiskFull : StartError)(
    `PostgreSQL does not start on ${dataDir} (${complaint.replace(/^.*?(?:FATAL|PANIC|ERROR|error):\s*/, '').trim()}). ${advice}`,
  );

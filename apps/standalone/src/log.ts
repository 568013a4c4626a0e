import { createLogger, type Logger } from '@allotree/platform';
import { pino } from 'pino';
import type { DataFolder } from './data-folder.js';

export interface Log {
  readonly logger: Logger;
  /** Nothing is shown on the terminal from here on: what breaks off while everything stops is no news. */
  hush(): void;
  /** Everything is in the file when it returns. */
  close(): void;
}

interface Line {
  readonly level: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

/** One line for one who watches a terminal; all there is to know stands in the file. */
export const terminalLine = (json: string): string => {
  const { level, msg = '', err } = JSON.parse(json) as Line;
  return `${level}: ${msg}${err?.message === undefined ? '' : ` (${err.message})`}\n`;
};

/** Log lines go to a file in the data folder, those that need attention to the terminal as well. */
export const openLog = async (folder: DataFolder, level: string): Promise<Log> => {
  const file = pino.destination({ dest: await folder.logFile(), sync: false });
  let isQuiet = false;
  const terminal = {
    write: (json: string): void => {
      if (!isQuiet) process.stderr.write(terminalLine(json));
    },
  };
  const streams = [
    { level: level as pino.Level, stream: file },
    { level: 'warn' as const, stream: terminal },
  ];
  return {
    logger: createLogger({
      service: 'standalone',
      level,
      destination: pino.multistream(level === 'silent' ? [] : streams),
    }),
    hush: () => {
      isQuiet = true;
    },
    close: () => file.flushSync(),
  };
};

import { createLogger, type Logger } from '@allotree/basics/logging';
import { pino } from 'pino';
import type { StandaloneConfiguration } from './configuration.js';
import type { DataFolder } from './data-folder.js';
import { LogFile } from './log-file.js';

export interface Log {
  readonly logger: Logger;
  /** Nothing is shown on the terminal from here on: connections that break while everything stops are expected. */
  hush(): void;
  /** Resolves when everything is in the file, or the file cannot be written. */
  close(): Promise<void>;
}

interface Line {
  readonly level: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

/** One line for somebody who watches a terminal; the file has all of it. */
export const terminalLine = (json: string): string => {
  const { level, msg = '', err } = JSON.parse(json) as Line;
  return `${level}: ${msg}${err?.message === undefined ? '' : ` (${err.message})`}\n`;
};

type Settings = Pick<StandaloneConfiguration, 'LOG_LEVEL' | 'LOG_FILE_BYTES' | 'LOG_FILES'>;

/** Log lines go to a file in the data folder, those that need attention to the terminal as well. */
export const openLog = async (folder: DataFolder, settings: Settings): Promise<Log> => {
  const { LOG_LEVEL: level, LOG_FILE_BYTES: bytes, LOG_FILES: files } = settings;
  // A terminal that is gone (a pipe, a full disk behind it) is no reason to stop.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', () => undefined);
  let isQuiet = false;
  const show = (text: string): void => {
    if (!isQuiet) process.stderr.write(text);
  };
  const file = new LogFile({
    path: await folder.logFile(),
    bytes,
    files,
    report: (message) => show(`warn: ${message}\n`),
  });
  const streams = [
    { level: level as pino.Level, stream: file },
    { level: 'warn' as const, stream: { write: (json: string): void => show(terminalLine(json)) } },
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
    close: () => file.close(),
  };
};

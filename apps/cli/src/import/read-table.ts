import { parse, CsvError } from 'csv-parse/sync';
import { CliError, EXIT } from '../exit-codes.js';

/** A table as it was read. */
export interface ReadTable {
  readonly headers: readonly string[];
  /** With the number that the row has in the file: the headers are row 1. */
  readonly rows: readonly { readonly row: number; readonly cells: readonly string[] }[];
  /** What was found out about the file, for people. */
  readonly detected: string;
}

const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/** By its byte order mark; else UTF-8, where it is that, and else Windows-1252, which spreadsheets write. */
export function decodeText(bytes: Buffer): { text: string; encoding: string } {
  const mark = MARKS.find(({ bytes: first }) => first.every((byte, index) => bytes[index] === byte));
  if (mark) return { text: new TextDecoder(mark.encoding).decode(bytes), encoding: mark.encoding };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}

const SEPARATORS = [',', ';', '\t', '|'] as const;
const NAMES: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' };

/** The separator that the first line has most of, outside of quotes. */
export function separatorOf(text: string): string {
  const [first = ''] = text.split(/\r?\n/, 1);
  const bare = first.replaceAll(/"[^"]*"/g, '');
  const count = (separator: string): number => bare.split(separator).length;
  return SEPARATORS.reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/** @throws CliError with line and column where the file is no table */
export function readCsv(name: string, bytes: Buffer): ReadTable {
  const { text, encoding } = decodeText(bytes);
  const separator = separatorOf(text);
  try {
    const records = parse(text, {
      delimiter: separator,
      bom: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    const [head, ...rest] = records;
    return {
      headers: head?.record ?? [],
      rows: rest.map(({ record, info }) => ({ row: info.lines, cells: record })),
      detected: `${encoding}, separated by ${NAMES[separator]}, ${rest.length} rows`,
    };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines = 1, column = 1 } = error as CsvError & { lines?: number; column?: number | string };
    throw new CliError(`nothing was sent:\n${name}:${lines}:${column}: ${error.message}`, EXIT.refused);
  }
}

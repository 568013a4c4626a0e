import { parse, CsvError } from 'csv-parse/sync';
import { CliError, EXIT } from '../exit-codes.js';
import { formulaMistake, type Formula, type Mistake, type ReadTable } from './table.js';

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

/** `null`: a formula that has to be computed. */
function valueOf(cell: string): string | null {
  const [, quoted, number] = /^=(?:"((?:[^"]|"")*)"|([+-]?[\d.]+))$/.exec(cell) ?? [];
  if (quoted !== undefined) return quoted.replaceAll('""', '"');
  if (number !== undefined) return number;
  if (cell.startsWith('=')) return null;
  return /^\+[\d.]+$/.test(cell) ? cell.slice(1) : cell;
}

/** Takes the values of cells that a spreadsheet would compute. The apostrophe that keeps it from doing so is no part of a value. */
function withoutFormulas(rows: ReadTable['rows'], headers: readonly string[]) {
  const formulas: Formula[] = [];
  const mistakes: Mistake[] = [];
  const plain = (cell: string, row: number, index: number): string => {
    if (/^'[=+\-@\t\r]/.test(cell)) return cell.slice(1);
    if (!/^[=+\-@]/.test(cell)) return cell;
    const formula = { row, column: headers[index] ?? '', value: cell };
    const value = valueOf(cell);
    if (value === null) mistakes.push(formulaMistake(formula, 'is a formula, and a CSV file does not keep its value'));
    else formulas.push(formula);
    return value ?? '';
  };
  const taken = rows.map(({ row, cells }) => ({ row, cells: cells.map((cell, index) => plain(cell, row, index)) }));
  return { rows: taken, formulas, mistakes };
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
      // Spreadsheets keep the zeros of a text by ="007".
      relax_quotes: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    const [head, ...rest] = records;
    const headers = head?.record ?? [];
    const rows = rest.map(({ record, info }) => ({ row: info.lines, cells: record }));
    const detected = `${encoding}, separated by ${NAMES[separator]}, ${rest.length} rows`;
    return { headers, detected, ...withoutFormulas(rows, headers) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines = 1, column = 1 } = error as CsvError & { lines?: number; column?: number | string };
    throw new CliError(`nothing was sent:\n${name}:${lines}:${column}: ${error.message}`, EXIT.refused);
  }
}

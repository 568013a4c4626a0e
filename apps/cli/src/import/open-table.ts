import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { readWhole } from '../project-plans.js';
import { readCsv } from './read-csv.js';
import type { Mistake, ReadTable } from './table.js';

const isWorkbook = (name: string): boolean => extname(name).toLowerCase() === '.xlsx';

/**
 * Reads a table from a file; where rows with mistakes are to be written follows its kind.
 *
 * @throws CliError where it is too large or no table
 */
export async function openTable(
  file: string,
  { sheet, failed }: { readonly sheet?: string; readonly failed?: string },
): Promise<{ table: ReadTable; failed: string }> {
  const bytes = await readWhole(file);
  if (!isWorkbook(file)) return { table: readCsv(file, bytes), failed: failed ?? 'failed.csv' };
  // Loaded when it is needed, so that other commands start quickly.
  const { readXlsx } = await import('./read-xlsx.js');
  return { table: await readXlsx(file, bytes, sheet), failed: failed ?? 'failed.xlsx' };
}

/** Writes the rows with mistakes as they were, with a column that says what is wrong: a workbook or a CSV file. */
export async function writeFailed(file: string, table: ReadTable, mistakes: readonly Mistake[]): Promise<void> {
  const errors = new Map<number, string[]>();
  for (const { row, column, message } of mistakes)
    errors.set(row, [...(errors.get(row) ?? []), column === '' ? message : `${column}: ${message}`]);
  const rows = table.rows.flatMap(({ row, cells }) => {
    const wrong = errors.get(row);
    return wrong ? [[...cells, wrong.join('; ')]] : [];
  });
  const all = [[...table.headers, 'error'], ...rows];
  if (!isWorkbook(file)) return writeFile(file, stringify(all, { escape_formulas: true }));
  const { default: writeXlsxFile } = await import('write-excel-file/node');
  const text = (value: string) => ({ type: String, value });
  await writeXlsxFile(
    all.map((cells) => cells.map(text)),
    { stickyRowsCount: 1 },
  ).toFile(file);
}

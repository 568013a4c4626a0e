import { readSheet } from 'read-excel-file/universal';
import { CliError, EXIT } from '../exit-codes.js';
import { formulaMistake, type Formula, type Mistake, type ReadTable } from './table.js';
import { formulaCells, partsOf, sheetsOf, UnreadableWorkbook, type FormulaCell } from './xlsx-parts.js';

type Value = string | number | boolean | Date | null;

/** A date of a spreadsheet has no time zone: it is written as a day, and read in the zone of the project. */
function textOf(value: Value): string {
  if (value === null) return '';
  if (!(value instanceof Date)) return String(value).trim();
  const text = value.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ');
}

interface Sheet {
  readonly name: string;
  readonly xml: string;
}

/** @throws CliError that names the sheets there are */
function chosenSheet(file: string, sheets: readonly Sheet[], wanted: string | undefined): Sheet {
  const found = wanted === undefined ? sheets[0] : sheets.find(({ name }) => name === wanted);
  if (found) return found;
  if (sheets.length === 0) throw new UnreadableWorkbook('has no sheet');
  const names = sheets.map(({ name }) => name).join(', ');
  throw new CliError(`nothing was sent:\n${file}: there is no sheet ${wanted}; it has ${names}`, EXIT.refused);
}

function aboutFormulas(
  cells: readonly FormulaCell[],
  headers: readonly string[],
  shown: (cell: FormulaCell) => string,
) {
  const formulas: Formula[] = [];
  const mistakes: Mistake[] = [];
  for (const cell of cells) {
    const formula = { row: cell.row, column: headers[cell.column] ?? '', value: shown(cell) };
    if (cell.isError) mistakes.push(formulaMistake(formula, `is the error ${cell.value ?? ''}`.trim()));
    else if (cell.value === null)
      mistakes.push(formulaMistake(formula, 'is a formula, and the file does not keep its value'));
    else formulas.push(formula);
  }
  return { formulas, mistakes };
}

async function readTable(file: string, bytes: Buffer, wanted: string | undefined): Promise<ReadTable> {
  const sheets = sheetsOf(partsOf(bytes));
  const { name, xml } = chosenSheet(file, sheets, wanted);
  const cells = formulaCells(xml);
  const data = (await readSheet(new Uint8Array(bytes).buffer, name)) as unknown as Value[][];
  const texts = data.map((row) => row.map(textOf));
  const headers = texts[0] ?? [];
  const rows = texts
    .map((own, index) => ({ row: index + 1, cells: own }))
    .slice(1)
    .filter(({ cells: own }) => own.some((text) => text !== ''));
  const shown = ({ row, column, value }: FormulaCell): string => texts[row - 1]?.[column] ?? value ?? '';
  return { headers, rows, detected: `sheet ${name}, ${rows.length} rows`, ...aboutFormulas(cells, headers, shown) };
}

/**
 * Reads one sheet of a workbook, the first one where none is named.
 *
 * @throws CliError where there is no such sheet or the file is no workbook
 */
export async function readXlsx(file: string, bytes: Buffer, wanted?: string): Promise<ReadTable> {
  try {
    return await readTable(file, bytes, wanted);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`nothing was sent:\n${file}:1:1: is no workbook that can be read: ${reason}`, EXIT.refused);
  }
}

import { unzipSync } from 'fflate';
import { Parser } from 'htmlparser2';

/** The most that a workbook may be unpacked. */
export const MAX_UNPACKED = 512 * 1_024 * 1_024;
const MAX_PARTS = 10_000;
/** The most cells of the area from the first cell to the last one, empty ones included. */
export const MAX_CELLS = 5_000_000;

/** A workbook that cannot be read, with the reason. */
export class UnreadableWorkbook extends Error {
  override readonly name = 'UnreadableWorkbook';
}

/** Unpacks the XML files of a workbook, unless they say that they are too large; none gets larger than it says. */
export function partsOf(bytes: Buffer): ReadonlyMap<string, string> {
  let [size, count] = [0, 0];
  const files = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      size += originalSize;
      count += 1;
      if (size > MAX_UNPACKED || count > MAX_PARTS)
        throw new UnreadableWorkbook(`unpacks to more than ${MAX_UNPACKED / 1_024 / 1_024} MB or ${MAX_PARTS} files`);
      return /\.(xml|rels)$/.test(name);
    },
  });
  return new Map(Object.entries(files).map(([name, data]) => [name, Buffer.from(data).toString('utf8')]));
}

type Attributes = Readonly<Record<string, string>>;

interface Handlers {
  readonly opened: (name: string, attributes: Attributes) => void;
  readonly closed?: (name: string) => void;
  readonly text?: (text: string) => void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function walk(xml: string, { opened, closed, text }: Handlers): void {
  const parser = new Parser(
    {
      onopentag: (name, attributes) => opened(local(name), attributes),
      ...(closed && { onclosetag: (name: string) => closed(local(name)) }),
      ...(text && { ontext: text }),
    },
    { xmlMode: true },
  );
  parser.end(xml);
}

/** The sheets of a workbook in their order, with the XML of each. */
export function sheetsOf(parts: ReadonlyMap<string, string>): { readonly name: string; readonly xml: string }[] {
  const targets = new Map<string, string>();
  walk(parts.get('xl/_rels/workbook.xml.rels') ?? '', {
    opened: (name, { Id = '', Target = '' }) => {
      if (name === 'Relationship') targets.set(Id, Target.startsWith('/') ? Target.slice(1) : `xl/${Target}`);
    },
  });
  const sheets: { name: string; xml: string }[] = [];
  walk(parts.get('xl/workbook.xml') ?? '', {
    opened: (name, attributes) => {
      if (name !== 'sheet') return;
      const [, id = ''] = Object.entries(attributes).find(([key]) => key.includes(':') && local(key) === 'id') ?? [];
      sheets.push({ name: attributes['name'] ?? '', xml: parts.get(targets.get(id) ?? '') ?? '' });
    },
  });
  return sheets;
}

/** A cell that a spreadsheet computed. */
export interface FormulaCell {
  readonly row: number;
  /** 0 is A. */
  readonly column: number;
  /** `null`: the file does not keep one. */
  readonly value: string | null;
  /** Its value is an error such as `#REF!`. */
  readonly isError: boolean;
}

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly isError: boolean;
  isFormula: boolean;
  value: string | null;
}

const columnOf = (letters: string): number =>
  [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;

/** The cells of a sheet that are computed or are errors. @throws UnreadableWorkbook where its area is too large to be read */
export function formulaCells(xml: string): FormulaCell[] {
  const found: FormulaCell[] = [];
  let cell: Cell | null = null;
  let isValue = false;
  let [lastRow, lastColumn] = [0, 0];
  const begin = ({ r = '', t }: Attributes): Cell => {
    const [, letters = 'A', row = '1'] = /^([A-Z]{1,3})(\d{1,7})$/.exec(r) ?? [];
    const begun = { row: Number(row), column: columnOf(letters), isError: t === 'e', isFormula: false, value: null };
    [lastRow, lastColumn] = [Math.max(lastRow, begun.row), Math.max(lastColumn, begun.column + 1)];
    return begun;
  };
  walk(xml, {
    opened: (name, attributes) => {
      if (name === 'c') cell = begin(attributes);
      else if (name === 'f' && cell) cell.isFormula = true;
      isValue = name === 'v';
    },
    text: (text) => {
      if (isValue && cell) cell.value = (cell.value ?? '') + text;
    },
    closed: (name) => {
      if (name === 'c' && cell) {
        const { row, column, value, isError, isFormula } = cell;
        if (isFormula || isError) found.push({ row, column, value, isError });
        cell = null;
      }
      if (name === 'v') isValue = false;
    },
  });
  if (lastRow * lastColumn > MAX_CELLS)
    throw new UnreadableWorkbook(`its cells spread over ${lastRow} rows and ${lastColumn} columns`);
  return found;
}

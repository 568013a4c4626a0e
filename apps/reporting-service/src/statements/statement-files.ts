import { stringify } from 'csv-stringify/sync';
import type { StatementPart } from '@allotree/contracts';
import { canonicalText, type DocumentContent, type LineContent } from '@allotree/domain';
import type { ColumnType, ExportColumn } from '../exports/datasets.js';
import { encoderOf } from '../exports/encoders.js';
import { focusRows } from './focus.js';

/** Formats of a document, by the ending of its file. */
export const FILE_FORMATS = ['json', 'csv', 'parquet', 'focus.csv'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const CSV = 'text/csv; charset=utf-8';

export const FILE_TYPES: Readonly<Record<FileFormat, string>> = {
  json: 'application/json; charset=utf-8',
  csv: CSV,
  parquet: 'application/vnd.apache.parquet',
  'focus.csv': CSV,
};

/** Beside the columns of a line: what is the same for all lines of a document. */
const HEAD_COLUMNS = {
  document_id: 'text',
  account_id: 'text',
  number: 'integer',
  kind: 'text',
  period_from: 'instant',
  period_until: 'instant',
  currency: 'text',
} as const satisfies Record<string, ColumnType>;

const LINE_COLUMNS = {
  line: 'integer',
  type: 'text',
  changes: 'text',
  project_id: 'text',
  resource: 'text',
  basis: 'text',
  service_from: 'instant',
  service_until: 'instant',
  unit_milliseconds: 'integer',
  period_milliseconds: 'integer',
  quantity: 'text',
  peak_at: 'instant',
  unit_price: 'text',
  amount: 'text',
  event_ids: 'text',
  reason: 'text',
} as const satisfies Record<string, ColumnType>;

/** Of a statement that is split. */
const PART_COLUMNS = { building_id: 'text', building_name: 'text' } as const satisfies Record<string, ColumnType>;

const columnsOf = (split: Split): readonly ExportColumn[] =>
  Object.entries({ ...HEAD_COLUMNS, ...LINE_COLUMNS, ...(split && PART_COLUMNS) }).map(([name, type]) => ({
    name,
    type,
  }));

/** The parts of lines; `null`: lines are whole. */
type Split = readonly StatementPart[] | null;

type Row = Readonly<Record<string, string | number | null>>;

const rowOf = (content: DocumentContent, line: LineContent): Row => ({
  document_id: content.documentId,
  account_id: content.accountId,
  number: content.number,
  kind: content.kind,
  period_from: content.period.from,
  period_until: content.period.until,
  currency: content.currency,
  line: line.line,
  type: line.type,
  changes: line.changes,
  project_id: line.projectId,
  resource: line.resource,
  basis: line.basis,
  service_from: line.servicePeriod.from,
  service_until: line.servicePeriod.until,
  unit_milliseconds: line.unitMilliseconds,
  period_milliseconds: line.periodMilliseconds,
  quantity: line.quantity,
  peak_at: line.peakAt,
  unit_price: line.unitPrice,
  amount: line.amount,
  event_ids: line.eventIds.join(' '),
  reason: line.reason,
});

/** A row for each line, or for each part of it; a line that is not split is a row with empty columns. */
function rowsOf(content: DocumentContent, split: Split): Row[] {
  if (split === null) return content.lines.map((line) => rowOf(content, line));
  return content.lines.flatMap((line): Row[] => {
    const row = rowOf(content, line);
    const ofLine = split.filter((part) => part.line === line.line);
    if (ofLine.length === 0) return [{ ...row, building_id: null, building_name: null }];
    return ofLine.map(({ groupId, name, unitMilliseconds, quantity, amount }) => ({
      ...row,
      unit_milliseconds: unitMilliseconds,
      quantity,
      amount,
      building_id: groupId,
      building_name: name,
    }));
  });
}

/** A decimal, also a negative one, is a number for a spreadsheet; other texts that it would compute are made harmless. */
const harmless = (cell: string | number | null): string | number | null =>
  typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) && !/^-\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;

const csv = (rows: readonly (readonly (string | number | null)[])[]): Buffer =>
  Buffer.from(
    stringify(
      rows.map((row) => row.map(harmless)),
      { record_delimiter: 'windows' },
    ),
  );

async function parquet(content: DocumentContent, split: Split): Promise<Buffer> {
  const columns = columnsOf(split);
  const encoder = encoderOf('parquet', columns);
  const instants = columns.filter(({ type }) => type === 'instant').map(({ name }) => name);
  const rows = rowsOf(content, split).map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        instants.includes(name) && value !== null ? new Date(value) : value,
      ]),
    ),
  );
  return Buffer.concat([await encoder.write(rows), await encoder.end()]);
}

/**
 * The file of a document. That in JSON is the canonical text: its SHA-256 is the hash.
 * @param split of the formats with a row for each line
 */
export async function fileOf(content: DocumentContent, format: FileFormat, split: Split = null): Promise<Buffer> {
  switch (format) {
    case 'json':
      return Buffer.from(canonicalText(content));
    case 'csv':
      return csv([
        columnsOf(split).map(({ name }) => name),
        ...rowsOf(content, split).map((row) => Object.values(row)),
      ]);
    case 'parquet':
      return parquet(content, split);
    case 'focus.csv':
      return csv(focusRows(content));
  }
}

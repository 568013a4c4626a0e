import { styleText } from 'node:util';
import Table from 'cli-table3';
import { stringify as csvOf } from 'csv-stringify/sync';
import { stringify as yamlOf } from 'yaml';

export const OUTPUTS = ['table', 'json', 'yaml', 'csv'] as const;
export type OutputFormat = (typeof OUTPUTS)[number];

/** A column of a table or CSV file. JSON and YAML show whole rows as the API answered them. */
export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => unknown;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

export interface OutputSettings {
  readonly format: OutputFormat;
  readonly quiet: boolean;
  readonly color: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

const NO_BORDERS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid']
    .concat(['mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

/** `null` and absent as a dash; lists by commas; numbers as they are, so that they can be copied. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The same for CSV, where nothing is an empty field. */
function field(value: unknown): string {
  if (Array.isArray(value)) return value.map(field).join(', ');
  return value === null || value === undefined ? '' : cell(value);
}

/** The one place that writes: results to stdout in the chosen format, remarks to stderr. */
export class Output {
  constructor(private readonly settings: OutputSettings) {}

  get format(): OutputFormat {
    return this.settings.format;
  }

  /** Rows of a list. */
  rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (this.format === 'table') return this.table(rows, columns);
    if (this.format === 'csv') return this.csv(rows, columns);
    this.document(rows);
  }

  /** One thing: a table of names and values, or the whole thing as JSON or YAML. */
  record<Row>(row: Row, columns: readonly Column<Row>[]): void {
    if (this.format === 'csv') return this.csv([row], columns);
    if (this.format !== 'table') return this.document(row);
    const width = Math.max(...columns.map(({ header }) => header.length));
    for (const { header, value } of columns)
      this.line(`${this.paint('bold', header.padEnd(width))}  ${cell(value(row))}`);
  }

  /** A result that is text of its own (a tree, a diff), or the data behind it as JSON or YAML. */
  text(data: unknown, lines: readonly string[]): void {
    if (this.format === 'json' || this.format === 'yaml') return this.document(data);
    lines.forEach((line) => this.line(line));
  }

  /** One event of a stream: JSON Lines with `--output json`, else a document or a line each. */
  event(data: unknown, line: string): void {
    if (this.format === 'json') return this.line(JSON.stringify(data));
    if (this.format === 'yaml') return this.line(`---\n${yamlOf(data).trimEnd()}`);
    this.line(line);
  }

  /** A remark for people: to stderr, and not with `--quiet`. */
  note(line: string): void {
    if (!this.settings.quiet) this.settings.stderr.write(`${line}\n`);
  }

  /** To stderr, even with `--quiet`. */
  error(text: string): void {
    this.settings.stderr.write(`${text}\n`);
  }

  line(text: string): void {
    this.settings.stdout.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.settings.color ? styleText(style, text) : text;
  }

  private document(data: unknown): void {
    this.line(this.format === 'json' ? JSON.stringify(data, null, 2) : yamlOf(data).trimEnd());
  }

  private csv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const records = rows.map((row) => columns.map(({ value }) => field(value(row))));
    const header = columns.map(({ header: name }) => name);
    this.settings.stdout.write(csvOf([header, ...records], { escape_formulas: true }));
  }

  private table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const table = new Table({
      head: columns.map(({ header }) => this.paint('bold', header.toUpperCase())),
      chars: { ...NO_BORDERS, middle: '  ' },
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    });
    table.push(...rows.map((row) => columns.map(({ value }) => cell(value(row)))));
    for (const line of table.toString().split('\n')) this.line(line.trimEnd());
  }
}

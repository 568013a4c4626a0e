import { bytesOf, cutOff, damaged, DumpFault, type Dump, type DumpStep } from './dump.js';

const FIRST_LINE = '-- PostgreSQL database dump';
const LAST_LINE = '-- PostgreSQL database dump complete';
const COPY = /^COPY (\S+) .*FROM stdin;$/;
const END_OF_ROWS = '\\.';
/** Commands of psql at both ends; others need a database of a name, or come from somebody else. */
const RESTRICT = /^\\(un)?restrict (\w+)$/;
/** A statement names each column of its table. */
const LONGEST_COPY = 100_000;
/** SQL is sent once it has this many characters and a statement has ended. */
const PIECE = 64_000;
const NEWLINE = 10;
const LINES_OF_HEAD = 20;

/** The lines of a file with their newlines, as bytes: rows need not be decoded. */
async function* linesOf(path: string, compressed: boolean): AsyncIterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of bytesOf(path, compressed)) {
      let all = Buffer.concat([rest, chunk as Buffer]);
      for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE)) {
        yield all.subarray(0, end + 1);
        all = all.subarray(end + 1);
      }
      rest = all;
    }
  } catch (error) {
    if (error instanceof DumpFault) throw error;
    throw damaged(`its compressed text cannot be read (${(error as Error).message})`);
  }
  if (rest.length > 0) yield rest;
}

const textOf = (line: Buffer): string => line.toString('utf8').replace(/\n$/, '');
const isEndOfRows = (line: Buffer): boolean => line.length === 3 && textOf(line) === END_OF_ROWS;

interface Ends {
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly bytes: number;
}

/** What must follow the last line, so that a dump without its last byte counts as cut off. */
const endingOf = (token: string | null): string => `--\n\n${token === null ? '' : `\\unrestrict ${token}\n\n`}`;

/** Follows the lines of a dump from its head to its end mark. */
class Scan {
  #number = 0;
  #inRows = false;
  #token: string | null = null;
  /** The text after the last line; `null`: before it. */
  #ending: string | null = null;
  serverVersion = '';
  dumpVersion = '';
  /** Of rows. */
  bytes = 0;

  add(line: Buffer): void {
    this.#number += 1;
    this.#countRows(line);
    if (this.#number <= LINES_OF_HEAD) this.#readHead(textOf(line));
    if (this.#ending !== null) this.#ending += line.toString('utf8');
    else if (line.length === LAST_LINE.length + 1 && textOf(line) === LAST_LINE) this.#ending = '';
  }

  /** @throws DumpFault */
  end(): void {
    if (this.#number < 2) throw notADump('');
    if (this.#ending !== endingOf(this.#token)) throw cutOff('it does not end with the end mark of pg_dump');
  }

  #countRows(line: Buffer): void {
    if (this.#inRows) {
      this.bytes += line.length;
      this.#inRows = !isEndOfRows(line);
    } else this.#inRows = line.length < LONGEST_COPY && COPY.test(textOf(line));
  }

  #readHead(text: string): void {
    if (this.#number === 2 && text !== FIRST_LINE) throw notADump(text);
    this.#token = RESTRICT.exec(text)?.[2] ?? this.#token;
    this.serverVersion = /^-- Dumped from database version (.*)$/.exec(text)?.[1] ?? this.serverVersion;
    this.dumpVersion = /^-- Dumped by pg_dump version (.*)$/.exec(text)?.[1] ?? this.dumpVersion;
  }
}

/** Reads to the end mark. @throws DumpFault */
async function readEnds(lines: AsyncIterable<Buffer>): Promise<Ends> {
  const scan = new Scan();
  for await (const line of lines) scan.add(line);
  scan.end();
  const { serverVersion, dumpVersion, bytes } = scan;
  return { serverVersion, dumpVersion, bytes };
}

const notADump = (text: string): DumpFault =>
  new DumpFault(
    text.startsWith('-- PostgreSQL database cluster dump')
      ? 'the file is a dump of pg_dumpall. Dump the database of Allotree with pg_dump.'
      : 'the file is not a dump of pg_dump.',
  );

/** Takes the rows of a COPY from the lines of the dump. */
async function* rowsUntilEnd(lines: AsyncIterator<Buffer, undefined>, about: string): AsyncIterable<Buffer> {
  for (;;) {
    const { value } = await lines.next();
    if (value === undefined) throw cutOff(`it ends within ${about}`);
    if (isEndOfRows(value)) return;
    yield value;
  }
}

/** The SQL gathered since the last step. */
class Gathered {
  #sql = '';

  add(text: string): void {
    if (/^\\connect /.test(text)) throw new DumpFault('the dump creates its database. Dump again without --create.');
    if (!RESTRICT.test(text)) this.#sql += `${text}\n`;
  }

  /** Large enough, and `--` begins the next object. */
  isEnoughAt(text: string): boolean {
    return this.#sql.length > PIECE && text === '--';
  }

  *take(): Generator<DumpStep> {
    const sql = this.#sql;
    this.#sql = '';
    if (sql.trim() === '') return;
    const about = /^-- Name: ([^;]+); Type: ([^;]+);/m.exec(sql)?.slice(1).reverse().join(' ') ?? 'SQL';
    yield { kind: 'sql', about, sql };
  }
}

/** SQL between the rows, in pieces that end where a statement ends. */
async function* stepsOf(lines: AsyncIterator<Buffer, undefined>): AsyncIterable<DumpStep> {
  const gathered = new Gathered();
  for (let line = (await lines.next()).value; line !== undefined; line = (await lines.next()).value) {
    const text = textOf(line);
    const [, table] = COPY.exec(text) ?? [];
    if (table !== undefined || gathered.isEnoughAt(text)) yield* gathered.take();
    if (table === undefined) gathered.add(text);
    else yield { kind: 'rows', about: `TABLE DATA ${table}`, statement: text.slice(0, -1), rows: once(lines, table) };
  }
  yield* gathered.take();
}

const once = (lines: AsyncIterator<Buffer, undefined>, table: string) => (): AsyncIterable<Buffer> =>
  rowsUntilEnd(lines, table);

/** Reads a dump of the plain format to its end. @throws DumpFault */
export async function openPlainDump(path: string, compressed: boolean): Promise<Dump> {
  const ends = await readEnds(linesOf(path, compressed));
  return {
    format: 'plain',
    ...ends,
    checksums: compressed,
    steps: () => stepsOf(linesOf(path, compressed)[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>),
  };
}

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { onDatabase } from '../on-database.js';
import { DumpFault, type Dump, type DumpStep } from './dump.js';

const DISK_FULL = '53100';
const UNDEFINED_OBJECT = '42704';
/** Roles that one dump can name. */
const MOST_ROLES = 100;

interface DatabaseError extends Error {
  readonly code?: string;
}

/** The role that a statement names and this server lacks; `null`: it failed for another reason. */
const missingRole = ({ code, message }: DatabaseError): string | null =>
  code === UNDEFINED_OBJECT ? (/^role "(.+)" does not exist$/.exec(message)?.[1] ?? null) : null;

/** Creates the roles that owners and grants name, as an operator does before a restore. */
async function run(client: pg.Client, sql: string): Promise<void> {
  for (let roles = 0; ; roles += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const role = missingRole(error as DatabaseError);
      if (role === null || roles === MOST_ROLES) throw error;
      await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} NOLOGIN`);
    }
  }
}

async function restoreStep(client: pg.Client, step: DumpStep): Promise<void> {
  if (step.kind === 'sql') return run(client, step.sql);
  await pipeline(Readable.from(step.rows()), client.query(copyFrom(step.statement)));
}

function faultOf(step: DumpStep, error: unknown): unknown {
  if (error instanceof DumpFault) return error;
  const { code, message } = error as DatabaseError;
  if (code === undefined) return error;
  if (code === DISK_FULL) return new DumpFault('the disk is full. Free space, or name another folder with --temp-dir.');
  return new DumpFault(`${step.about} cannot be restored: ${message}.`);
}

/**
 * Restores a dump into an empty database.
 * @param restored gets the bytes of rows restored so far
 * @returns the tables whose rows were restored
 * @throws DumpFault naming the first object that cannot be restored
 */
export async function restoreDump(
  dump: Dump,
  connectionString: string,
  restored: (bytes: number) => void,
): Promise<ReadonlySet<string>> {
  const tables = new Set<string>();
  let bytes = 0;
  await onDatabase({ connectionString, application_name: 'allotree backup check' }, async (client) => {
    await client.query('SET synchronous_commit = off');
    for await (const step of dump.steps()) {
      const watched = step.kind === 'rows' ? counting(step, (size) => restored((bytes += size))) : step;
      await restoreStep(client, watched).catch((error: unknown) => {
        throw faultOf(step, error);
      });
      if (step.kind === 'rows') tables.add(step.about.replace('TABLE DATA ', ''));
    }
  });
  return tables;
}

type RowsStep = Extract<DumpStep, { kind: 'rows' }>;

const counting = (step: RowsStep, count: (bytes: number) => void): RowsStep => ({
  ...step,
  rows: () => counted(step.rows(), count),
});

async function* counted(chunks: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}

import { Table, type DatabaseFlaws, type Statements, type Transaction } from './database.harness.js';

export interface CheckpointRow {
  readonly position: bigint;
  readonly fence: bigint;
}

const asRow = (name: string, { position, fence }: CheckpointRow) => ({
  name,
  position: String(position),
  fence: String(fence),
});

/** The statements of `Checkpoints`, on a table of one schema. */
export function checkpointStatements(table: Table<CheckpointRow>, flaws: DatabaseFlaws): Statements {
  const stores = new Table<string>('checkpoint_store');
  const lock = async (tx: Transaction, name: unknown): Promise<CheckpointRow> => {
    const row = await tx.lock(table, name as string);
    if (!row) throw new Error(`checkpoint ${name as string} does not exist`);
    return row;
  };
  return [
    [
      'checkpoint (name, position) SELECT name, 0',
      async (tx, [names]) => {
        for (const name of names as string[])
          if (!(await tx.lock(table, name))) await tx.write(table, name, { position: 0n, fence: 0n });
      },
    ],
    [
      'checkpoint_store (store_id) VALUES',
      async (tx, [id]) => {
        if (!(await tx.lock(stores, 'only'))) await tx.write(stores, 'only', id as string);
      },
    ],
    ['SELECT store_id', (tx) => [{ store_id: tx.read(stores, 'only') }]],
    [
      'SELECT name, position FROM',
      (tx, [names]) =>
        (names as string[]).flatMap((name) => {
          const row = tx.read(table, name);
          return row ? [asRow(name, row)] : [];
        }),
    ],
    [
      /SELECT position, fence, set_config[^]*FOR UPDATE/,
      async (tx, [name]) => {
        tx.isSynchronous = false;
        const row = await lock(tx, name);
        return [asRow(name as string, flaws.dropsFence ? { ...row, fence: 0n } : row)];
      },
    ],
    ['SET LOCAL synchronous_commit = on', (tx) => void (tx.isSynchronous = true)],
    [
      /SET fence = \$2 WHERE name/,
      async (tx, [name, fence]) => {
        const row = await lock(tx, name);
        await tx.write(table, name as string, { ...row, fence: BigInt(fence as string) });
      },
    ],
    [
      /SET position = \$2, moved_at[^]*BETWEEN/,
      async (tx, [name, to, fence, atLeast, atMost]) => {
        const row = await lock(tx, name);
        const [least, most] = [BigInt(atLeast as string), BigInt(atMost as string)];
        const isExpected = flaws.dropsPosition || (row.position >= least && row.position <= most);
        if (!isExpected || !(flaws.dropsFence || row.fence === BigInt(fence as string))) return [[], 0];
        tx.isSynchronous = false;
        await tx.write(table, name as string, { ...row, position: BigInt(to as string) });
        return [[{}], 1];
      },
    ],
    [
      /SELECT position, fence FROM/,
      (tx, [name]) => {
        const row = tx.read(table, name as string);
        return row ? [asRow(name as string, row)] : [];
      },
    ],
    [
      'SET position = $2, fence = $3',
      async (tx, [name, position, fence]) => {
        await tx.write(table, name as string, {
          position: BigInt(position as string),
          fence: BigInt(fence as string),
        });
      },
    ],
  ];
}

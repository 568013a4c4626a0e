/** Makes a transaction roll back although nothing failed. */
class RolledBack<Result> extends Error {
  constructor(readonly result: Result) {
    super('rolled back');
  }
}

/**
 * Runs work in a transaction; with `dryRun` rolls back what it wrote (R7), so that everything is checked and
 * nothing recorded.
 *
 * @returns the result of the work
 */
export async function rehearse<Tx, Result>(
  dryRun: boolean,
  transaction: (work: (tx: Tx) => Promise<Result>) => Promise<Result>,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  if (!dryRun) return transaction(work);
  try {
    return await transaction(async (tx) => {
      throw new RolledBack(await work(tx));
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.result as Result;
    throw error;
  }
}

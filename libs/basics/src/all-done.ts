/**
 * The results of all the work, when none of it is running any more; `Promise.all` rejects while the rest still runs and may change what
 * comes after.
 * @throws what the first of those that failed, in their order, was rejected with
 */
export async function allDone<Work extends readonly unknown[] | []>(
  work: Work,
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

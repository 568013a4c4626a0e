import { describe, expect, it } from '@jest/globals';
import { rehearse } from './rehearse.js';

const log: string[] = [];
const transaction = async <Result>(work: (tx: string) => Promise<Result>): Promise<Result> => {
  try {
    const result = await work('tx');
    log.push('committed');
    return result;
  } catch (error) {
    log.push('rolled back');
    throw error;
  }
};
const run = async (dryRun: boolean, work: (tx: string) => Promise<string>): Promise<string> => {
  log.length = 0;
  return rehearse(dryRun, transaction, work);
};

describe('a transaction', () => {
  it('is committed, and rolled back in a dry run; both return the result of the work', async () => {
    expect(await run(false, async (tx) => `done in ${tx}`)).toBe('done in tx');
    expect(log).toEqual(['committed']);
    expect(await run(true, async (tx) => `done in ${tx}`)).toBe('done in tx');
    expect(log).toEqual(['rolled back']);
  });

  it('throws what the work throws, in a dry run too', async () => {
    const refusing = async (): Promise<string> => {
      throw new Error('refused');
    };
    await expect(run(true, refusing)).rejects.toThrow('refused');
    await expect(run(false, refusing)).rejects.toThrow('refused');
  });
});

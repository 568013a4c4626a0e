import { CliError } from './exit-codes.js';

/** Work on servers behind the API: whatever fails there is shown as its message. @throws CliError */
export async function direct<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(error instanceof Error ? error.message : String(error));
  }
}

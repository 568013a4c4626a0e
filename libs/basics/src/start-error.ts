/** The start failed for a reason that fits in one sentence, with what to do about it. No stack is shown. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}

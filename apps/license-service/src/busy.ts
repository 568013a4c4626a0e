import { Overloaded, RuntimeStopped, TooManyConflicts, type Handler } from '@allotree/event-sourcing';
import { Problem } from '@allotree/platform';

/** Nothing was recorded, and the same request can succeed a little later. */
const isBusy = (error: unknown): error is Error =>
  error instanceof Overloaded || error instanceof TooManyConflicts || error instanceof RuntimeStopped;

async function orBusy<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (isBusy(error)) throw new Problem('OVERLOADED', `Nothing was done: ${error.message}`, { retryAfterSeconds: 1 });
    throw error;
  }
}

/** A handler whose "too busy" is a problem a caller understands. */
export const sayingBusy = <State, Command, Event, Refusal>(
  handler: Handler<State, Command, Event, Refusal>,
): Handler<State, Command, Event, Refusal> => ({
  execute: (id, command, context) => orBusy(handler.execute(id, command, context)),
  dryRun: (id, command, context) => orBusy(handler.dryRun(id, command, context)),
  read: (id, look) => orBusy(handler.read(id, look)),
});

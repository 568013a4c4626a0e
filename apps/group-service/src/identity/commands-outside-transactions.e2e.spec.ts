import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { USER_HANDLER, type UserHandler } from '../tokens.js';
import { PASSWORD, People, registration } from './identity-under-test.harness.js';

let people: People;

beforeAll(async () => {
  people = await People.start();
}, 60_000);
afterEach(() => void jest.restoreAllMocks());
afterAll(() => people.stop());

/** A transaction of something else that is open at the same instant ends on its own long before. */
const WAITING_MS = 5_000;

/** Counts, at every command about a user, the transactions of this service that wait for it. */
function countWaitingTransactions(): number[] {
  const counts: number[] = [];
  const handler = people.service.app.get<UserHandler>(USER_HANDLER, { strict: false });
  const { execute } = handler;
  jest.spyOn(handler, 'execute').mockImplementation(async (...command: Parameters<typeof execute>) => {
    let waiting = await openTransactions();
    for (const until = Date.now() + WAITING_MS; waiting.length > 0 && Date.now() < until;) {
      const open = await openTransactions();
      waiting = waiting.filter((transaction) => open.includes(transaction));
    }
    counts.push(waiting.length);
    return execute(...command);
  });
  return counts;
}

/** Each by its connection and its beginning. */
async function openTransactions(): Promise<readonly string[]> {
  const { rows } = await people.pool.query<{ transaction: string }>(
    `SELECT concat(pid, ' ', extract(epoch FROM xact_start)) AS transaction FROM pg_stat_activity
     WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND query LIKE '%groups.%'`,
  );
  return rows.map(({ transaction }) => transaction);
}

describe('commands run while no transaction is open', () => {
  it('when a registration is confirmed', async () => {
    const email = 'ida@nordlicht.example';
    await people.ask('POST', '/registrations', { ...registration, email });
    const { token } = await people.mail(email, 'registration');
    const counts = countWaitingTransactions();
    const answer = await people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
    expect(answer).toMatchObject({ status: 200, body: { session: { token_type: 'Bearer' } } });
    expect(counts).toEqual([0, 0]);
  });

  it('when a member without an account sets its first password', async () => {
    const { body } = await people.distributor('jan@nordlicht.example');
    const email = 'kai@nordlicht.example';
    const { projectId } = body;
    const member = { email, name: 'Kai Sander', role: 'concierge' };
    await people.service.post(`/projects/${projectId}/groups/${projectId}/members`, member);
    await people.ask('POST', '/auth/password-resets', { email });
    const { token } = await people.mail(email, 'password_reset');
    const counts = countWaitingTransactions();
    const answer = await people.ask('POST', '/auth/password-resets/confirm', { token, password: PASSWORD });
    expect(answer.status).toBe(204);
    expect(counts).toEqual([0, 0]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { JobQueues } from '@allotree/jobs';
import { ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import { AccountMails } from './mails/account-mails.js';
import { IdentityWork } from './identity-work.js';
import { People } from './identity-under-test.harness.js';

let people: People;
let replica: People;

beforeAll(async () => {
  people = await People.start();
  replica = await People.start({ DATABASE_URL: people.service.databaseUrl }, false);
}, 60_000);

afterAll(async () => {
  await replica.stop();
  await people.stop();
});

const work = () => people.service.app.get(IdentityWork, { strict: false });
const isIn = async (where: People, token: string) => (await where.ask('GET', '/me', undefined, token)).status === 200;

describe('what a request left undone when its process was killed', () => {
  it('publishes a session that ended', async () => {
    const { body } = await people.distributor('ada@nordlicht.example');
    const { access_token: token } = body.session;
    await people.pool.query('UPDATE groups.session SET revoked_at = now() WHERE user_id = $1', [body.userId]);
    await work().tick();
    await work().tick();
    expect(await isIn(people, token)).toBe(false);
    const published = await people.service.published(body.userId);
    expect(published.filter(({ type }) => type === 'allotree.session-revoked.v1')).toHaveLength(1);
  });

  it('publishes a key that was revoked', async () => {
    const { body } = await people.distributor('ben@nordlicht.example', 'Südlicht');
    const request = { name: 'billing', permissions: ['projects:read'] };
    const { body: key } = await people.ask('POST', '/api-keys', request, body.session.access_token);
    const secret = { grant_type: 'client_credentials', client_id: key.keyId, client_secret: key.secret };
    const { body: tokens } = await people.ask('POST', '/auth/token', secret);
    await people.pool.query('UPDATE groups.api_key SET revoked_at = now() WHERE key_id = $1', [key.keyId]);
    await work().tick();
    expect(await isIn(people, tokens.access_token)).toBe(false);
  });

  it('is sent: a mail, with the same id however often it is handed over', async () => {
    const mail: AccountMailJob = {
      mailType: 'registration_known',
      tenantId: null,
      to: 'cleo@nordlicht.example',
      name: 'Cleo',
      path: '/sign-in',
      values: {},
    };
    const mails = people.service.app.get(AccountMails, { strict: false });
    await mails.put(people.pool, [mail, null]);
    await mails.tick();
    const rows = async () => {
      const { rows } = await people.pool.query<{ job_id: string }>(
        "SELECT job_id FROM groups.account_mail WHERE data IS NULL OR data ->> 'to' = $1",
        [mail.to],
      );
      return rows.map((row) => row.job_id);
    };
    const [id, ...others] = await rows();
    expect(others).toEqual([]);
    // Killed after it was handed over and before that was written down.
    await people.pool.query('UPDATE groups.account_mail SET look_at = NULL');
    await mails.tick();
    const queue = people.service.app.get(JobQueues, { strict: false }).queue(ACCOUNT_MAILS_QUEUE);
    expect(await people.mail(mail.to, 'registration_known')).toMatchObject(mail);
    await until(
      () => queue.states([id ?? '']),
      ([state]) => state === 'completed',
    );
    // Done: nothing of it is kept.
    await people.pool.query('UPDATE groups.account_mail SET look_at = now()');
    await mails.tick();
    expect(await rows()).toEqual([]);
    expect(people.unread(mail.to)).toEqual([]);
  });
});

describe('another replica', () => {
  it('turns a session away that ended here, and counts the guesses made here', async () => {
    const email = 'dora@nordlicht.example';
    await people.distributor(email, 'Westlicht');
    const { body } = await people.signIn(email);
    expect(await isIn(replica, body.access_token)).toBe(true);
    await people.ask('POST', '/auth/revoke', { token: body.refresh_token });
    await until(
      () => isIn(replica, body.access_token),
      (there) => !there,
    );
    expect(await isIn(replica, body.access_token)).toBe(false);

    const guess = (where: People) => where.from('198.51.100.7', '/auth/token', { email, password: 'wrong' });
    for (let wrong = 0; wrong < 5; wrong += 1) await guess(wrong % 2 === 0 ? people : replica);
    expect([(await guess(people)).status, (await guess(replica)).status]).toEqual([429, 429]);
  });
});

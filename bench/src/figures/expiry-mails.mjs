import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import { settle, withDatabase } from '../database.mjs';
import { DAY, startExpiry } from '../expiry.mjs';
import { row } from '../table.mjs';

const GROUPS = 100;
const TIMEOUT_MS = 300_000;

/** Time from the instant at which reminders become due until an SMTP server has accepted the last of their mails. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_mails', async (connectionString) => {
    const mailServer = await startMailServer();
    const service = await startExpiry({ databaseUrl: connectionString, smtpUrl: mailServer.url });
    const projects = quick ? 5 : 100;
    const mails = projects * GROUPS;
    // The reminder is due at 08:00 in Berlin, seven days before the last day.
    const end = Math.ceil((service.now + 20 * DAY) / DAY) * DAY;
    const reminder = { daysBefore: [7], recurrence: 'once', recipients: 'administrators' };
    await service.ask('prepare', { prefix: '', projects, groups: GROUPS, end, reminder, administrators: true });
    await service.ask('received', { members: mails });
    progress(`${mails} groups with an administrator each and a reminder`);
    await settle(connectionString);
    const start = performance.now();
    const since = () => (performance.now() - start) / 1_000;
    await service.ask('moveTo', { instant: end - 6 * DAY });
    let first = 0;
    while (mailServer.taken.size < mails && since() * 1_000 < TIMEOUT_MS) {
      if (first === 0 && mailServer.taken.size > 0) first = since();
      await sleep(5);
    }
    const took = since();
    if (mailServer.taken.size < mails) throw new Error(`only ${mailServer.taken.size} of ${mails} mails have arrived`);
    progress(`${mails} mails in ${took.toFixed(1)} s, the first after ${first.toFixed(1)} s`);
    await service.stop();
    await mailServer.stop();
    return [
      row({
        figure: `reminders, ${mails.toLocaleString('en-US')} due at once, until the last mail is delivered`,
        value: mails / took,
        unit: 'mails/s',
        target: { atLeast: 200 },
        note: `${took.toFixed(1)} s in all, the first after ${first.toFixed(1)} s; ${mailServer.twice()} came twice`,
      }),
    ];
  });

/** Accepts every mail and counts the recipients. */
async function startMailServer() {
  const taken = new Map();
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      stream.resume();
      stream.on('end', () => {
        for (const { address } of session.envelope.rcptTo) taken.set(address, (taken.get(address) ?? 0) + 1);
        done();
      });
    },
  });
  smtp.on('error', () => undefined);
  await new Promise((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${smtp.server.address().port}`,
    taken,
    twice: () => [...taken.values()].filter((times) => times > 1).length,
    stop: () => new Promise((resolve) => smtp.close(resolve)),
  };
}

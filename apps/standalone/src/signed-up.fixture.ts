import type { WholeSystem } from './whole-system.harness.js';

export const PASSWORD = 'seven wet herons on a quay';

/** Registers a dealer with its own project by the mail in the outbox; the access token of the registrant. */
export async function signUp(system: WholeSystem, email: string): Promise<string> {
  const registration = { kind: 'dealer', partnerName: 'Own dealer', objectName: 'Own object', name: 'Kim', email };
  await system.must('POST', '/registrations', { ...registration, timeZone: 'Europe/Berlin', language: 'de' });
  const token = await mailedToken(system, email);
  const { session } = await system.must('POST', '/registrations/confirm', { token, password: PASSWORD });
  return session.access_token as string;
}

/** The secret in the link of the newest mail to an address. */
export async function mailedToken(system: WholeSystem, email: string): Promise<string> {
  const { body } = await system.until(
    (answer) => answer.body.items.length > 0,
    () => system.ask('GET', `/outbox?to=${encodeURIComponent(email)}`),
  );
  const mail = await system.must('GET', `/outbox/${body.items[0].outboxId}`);
  const token = /#([\w-]{20,})/.exec(mail.text as string)?.[1];
  if (token === undefined) throw new Error(`no link in the mail to ${email}`);
  return token;
}

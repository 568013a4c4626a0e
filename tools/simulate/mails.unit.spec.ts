import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Mail } from '@allotree/notification-service/mail-delivery';
import { MailServer, MailTables } from './mails.harness.js';
import { Network } from './network.harness.js';
import { Random } from './random.harness.js';
import { Trace } from './trace.harness.js';
import { Owner, VirtualTime } from './virtual-time.harness.js';

let trace: Trace;
let server: MailServer;
beforeEach(() => {
  const time = new VirtualTime(new Owner('world'), new Random(1, 'randomness of processes'));
  trace = new Trace(() => time.now);
  server = new MailServer(new Network(time, 1, trace), new MailTables(trace, () => time.now, {}));
});

const mail = (messageId: string, notices: readonly string[], address = 'anna@example.com') =>
  ({ messageId, to: { name: null, address }, text: JSON.stringify(notices) }) as unknown as Mail;

describe('the mails of a simulation', () => {
  it('may arrive twice, and one notice may go to two people', () => {
    server.receive(mail('<1>', ['ended_p_a1']));
    server.receive(mail('<1>', ['ended_p_a1']));
    server.receive(mail('<2>', ['ended_p_a1'], 'ben@example.com'));
    expect([trace.violation, server.sent, server.repeated]).toEqual([null, 2, 1]);
  });

  it('say the same each time', () => {
    server.receive(mail('<1>', ['ended_p_a1']));
    server.receive(mail('<1>', ['ended_p_a1', 'ended_p_a2']));
    expect(trace.violation?.message).toBe('mail <1> says ["ended_p_a1","ended_p_a2"], but said ["ended_p_a1"]');
  });

  it('say a thing once to each person', () => {
    server.receive(mail('<1>', ['ended_p_a1']));
    server.receive(mail('<2>', ['ended_p_a1']));
    expect(trace.violation?.message).toBe('anna@example.com receives ended_p_a1 in <1> and in <2>');
  });

  it('say everything that was announced', () => {
    expect(server.differenceFrom(['ended_p_a1'])).toBe('job ended_p_a1 was handled and is no notice');
  });
});

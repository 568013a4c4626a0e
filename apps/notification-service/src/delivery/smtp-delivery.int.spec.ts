import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mailContract, mailOf } from './mail-contract.harness.js';
import { DeliveryFailure } from './mail-delivery.js';
import { MailServer } from './smtp-server.harness.js';
import { SmtpDelivery } from './smtp-delivery.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

const PATIENT = 10_000;

describe('a server that is well', () => {
  let server: MailServer;
  let delivery: SmtpDelivery;
  beforeAll(async () => {
    server = await new MailServer().listen();
    delivery = new SmtpDelivery({ url: server.url(), connections: 5, timeoutMs: PATIENT });
  });
  afterAll(async () => {
    await delivery.close();
    await server.close();
  });

  mailContract('SMTP', {
    delivery: () => delivery,
    arrived: async () =>
      server.received.map(({ mail, to }) => ({
        messageId: mail.messageId ?? '',
        from: mail.from?.address ?? '',
        to: to.join(', '),
        subject: mail.subject ?? '',
        html: mail.html ?? '',
        text: mail.text ?? '',
        headers: mail.headers.map(({ key }) => key),
      })),
  });

  it('says what it took on, and that a machine wrote it', async () => {
    await delivery.deliver(mailOf());
    const { raw } = server.received[server.received.length - 1] ?? { raw: '' };
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(raw).toMatch(/^Date: Sun, 01 Nov 2026 07:00:00 \+0000\r$/m);
    expect(raw).toMatch(/multipart\/alternative/);
  });
});

describe('an address with letters beyond ASCII', () => {
  let server: MailServer;
  let delivery: SmtpDelivery;
  const through = async (options: object): Promise<void> => {
    server = await new MailServer(options).listen();
    delivery = new SmtpDelivery({ url: server.url(), connections: 1, timeoutMs: PATIENT });
  };
  const lineReceived = (line: RegExp): string | undefined =>
    line.exec(Buffer.concat(server.bytesReceived).toString())?.[0].trim();
  const to = (address: string) => mailOf({ to: { name: null, address } });
  afterEach(async () => {
    await delivery.close();
    await server.close();
  });

  it.each([
    ['ada@münchen.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@MÜNCHEN.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@mu\u0308nchen.example', 'ada@xn--mnchen-3ya.example'],
    ['ada@ＮＯＲＤ.example', 'ada@nord.example'],
    ['ada@faß.example', 'ada@xn--fa-hia.example'],
  ])('in the domain: %j goes to %j, with any server', async (address, routed) => {
    await through({ hideSMTPUTF8: true });
    await delivery.deliver(to(address));
    expect(lineReceived(/^RCPT TO:.*$/m)).toBe(`RCPT TO:<${routed}>`);
    expect(lineReceived(/^To: .*$/m)).toBe(`To: ${routed}`);
    expect(server.received).toHaveLength(1);
  });

  it('as the sender: its domain is in ASCII, too', async () => {
    await through({ hideSMTPUTF8: true });
    await delivery.deliver(mailOf({ from: { name: 'Allotree', address: 'mail@MÜNCHEN.example' } }));
    expect(lineReceived(/^MAIL FROM:\S+/m)).toBe('MAIL FROM:<mail@xn--mnchen-3ya.example>');
    expect(lineReceived(/^From: .*$/m)).toBe('From: Allotree <mail@xn--mnchen-3ya.example>');
  });

  it('before the @: goes out as it is where the server has SMTPUTF8', async () => {
    await through({});
    await delivery.deliver(to('josé@münchen.example'));
    expect(lineReceived(/^MAIL FROM:.*$/m)).toContain(' SMTPUTF8');
    expect(lineReceived(/^RCPT TO:.*$/m)).toBe('RCPT TO:<josé@münchen.example>');
    expect(lineReceived(/^To: .*$/m)).toBe('To: josé@münchen.example');
    expect(server.received).toHaveLength(1);
  });

  it('before the @: fails for good where the server refuses it without SMTPUTF8, and says what is missing', async () => {
    await through({
      hideSMTPUTF8: true,
      onRcptTo: (_address: unknown, _session: unknown, done: (error: Error) => void) =>
        done(Object.assign(new Error('5.6.7 mailbox name not allowed'), { responseCode: 553 })),
    });
    await expect(delivery.deliver(to('josé@nordlicht.example'))).rejects.toMatchObject({
      permanent: true,
      message: expect.stringMatching(/5\.6\.7.*needs a mail server with SMTPUTF8$/s),
    });
    expect(server.received).toEqual([]);
  });
});

describe('a server that is not', () => {
  let server: MailServer;
  let delivery: SmtpDelivery;
  const opened: { close(): Promise<unknown> }[] = [];
  const open = (url: string, timeoutMs = PATIENT): SmtpDelivery => {
    const made = new SmtpDelivery({ url, connections: 2, timeoutMs });
    opened.push(made);
    return made;
  };
  const failure = async (by: SmtpDelivery): Promise<DeliveryFailure> => {
    const error = await by.deliver(mailOf()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error instanceof DeliveryFailure) return error;
    throw new Error('it was delivered, or failed otherwise', { cause: error });
  };

  beforeEach(async () => {
    server = await new MailServer().listen();
    delivery = open(server.url());
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await server.close();
  });

  it('down: not now', async () => {
    const url = server.url();
    await server.close();
    server = await new MailServer().listen();
    expect(await failure(open(url))).toMatchObject({ permanent: false });
  });

  it('back again: the same connections go on', async () => {
    await delivery.deliver(mailOf());
    const port = Number(new URL(server.url()).port);
    await server.close();
    expect((await failure(delivery)).permanent).toBe(false);
    server = await new MailServer().listen(port);
    await delivery.deliver(mailOf());
    expect(server.received).toHaveLength(1);
  });

  it('slow: not now', async () => {
    server.slowMs = 5_000;
    expect((await failure(open(server.url(), 200))).permanent).toBe(false);
  });

  it.each([
    [451, false],
    [421, false],
    [550, true],
    [553, true],
  ])('that answers %d to the recipient: for good %s', async (code, permanent) => {
    server.recipientCode = code;
    const error = await failure(delivery);
    expect([error.permanent, error.message.includes(String(code))]).toEqual([permanent, true]);
    server.recipientCode = null;
    await delivery.deliver(mailOf());
  });

  it.each([
    [452, false],
    [554, true],
  ])('that answers %d to the data: for good %s', async (code, permanent) => {
    server.afterData = { code };
    const error = await failure(delivery);
    expect([error.permanent, error.message.includes(String(code))]).toEqual([permanent, true]);
    expect(server.received).toEqual([]);
  });

  it('that goes away after the data: nobody knows, so it is no success, and it is not sent again behind our back', async () => {
    server.afterData = 'drop';
    const error = await failure(delivery);
    expect(error.permanent).toBe(false);
    expect(server.received).toHaveLength(1);
    server.afterData = 'accept';
    await delivery.deliver(mailOf());
    expect(server.received).toHaveLength(2);
  });

  it('that sends a byte now and then: not for ever', async () => {
    const sockets: Socket[] = [];
    const dripping: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      const timer = setInterval(() => socket.write('2'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    const { port } = dripping.address() as AddressInfo;
    expect((await failure(open(`smtp://127.0.0.1:${port}`, 100))).permanent).toBe(false);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => dripping.close(resolve));
  });

  it('that is left while it is slow: the mail fails', async () => {
    server.slowMs = 30_000;
    const waiting = failure(delivery);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await delivery.close();
    expect((await waiting).permanent).toBe(false);
  });
});

describe('a server that wants to know who comes, over TLS', () => {
  const onAuth = (
    { username, password }: { username?: string; password?: string },
    _session: unknown,
    done: (error: Error | null, response?: { user: string }) => void,
  ): void =>
    username === 'allotree' && password === 'p@ss:word' ? done(null, { user: username }) : done(new Error('not you'));
  const user = 'allotree:p%40ss%3Aword@';
  const trusting = '?tls.rejectUnauthorized=false';
  let server: MailServer;
  let delivery: SmtpDelivery;
  const through = async (options: object, url: (server: MailServer) => string): Promise<MailServer> => {
    server = await new MailServer(options).listen();
    delivery = new SmtpDelivery({ url: url(server), connections: 1, timeoutMs: PATIENT });
    return server;
  };
  afterEach(async () => {
    await delivery.close();
    await server.close();
  });

  it('from the start (smtps)', async () => {
    await through({ secure: true, onAuth, authOptional: false }, (to) =>
      to.url({ scheme: 'smtps', user, query: trusting }),
    );
    await delivery.deliver(mailOf());
    expect(server.received[0]?.session).toMatchObject({ secure: true, user: 'allotree' });
  });

  it('with STARTTLS', async () => {
    await through({ onAuth, authOptional: false }, (to) => to.url({ user, query: `${trusting}&requireTLS=true` }));
    await delivery.deliver(mailOf());
    expect(server.received[0]?.session).toMatchObject({ secure: true, user: 'allotree' });
  });

  it('is not trusted without a certificate that can be checked', async () => {
    await through({ secure: true, onAuth }, (to) => to.url({ scheme: 'smtps', user }));
    await expect(delivery.deliver(mailOf())).rejects.toMatchObject({ permanent: false });
    expect(server.received).toEqual([]);
  });

  it('gets nothing without TLS where TLS is required', async () => {
    await through({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], onAuth }, (to) =>
      to.url({ user, query: '?requireTLS=true' }),
    );
    await expect(delivery.deliver(mailOf())).rejects.toMatchObject({ permanent: false });
    expect(server.received).toEqual([]);
  });

  it('turns a wrong password away: not the fault of the mail', async () => {
    await through({ secure: true, onAuth, authOptional: false }, (to) =>
      to.url({ scheme: 'smtps', user: 'allotree:wrong@', query: trusting }),
    );
    await expect(delivery.deliver(mailOf())).rejects.toMatchObject({ permanent: false });
  });
});

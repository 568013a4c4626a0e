import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CERTIFICATE, PRIVATE_KEY } from '@allotree/testing';
import type { ResolveHost } from './host-addresses.js';
import { post, type PostSettings } from './http-post.js';

const never = new AbortController().signal;
const message = { headers: { 'content-type': 'application/json' }, body: '{"a":1}', signal: never };

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: { readonly path: string | undefined; readonly host: string | undefined; readonly body: string }[];
let sockets: Set<Socket>;
let server: Server;
let port: number;

const listening = async (one: TcpServer): Promise<number> => {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return (one.address() as AddressInfo).port;
};

beforeEach(async () => {
  requests = [];
  sockets = new Set();
  answer = (_request, response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ path: request.url, host: request.headers.host, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  port = await listening(server);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const to127: ResolveHost = () => Promise.resolve(['127.0.0.1']);
const insecure = (more: Partial<PostSettings> = {}): PostSettings => ({
  allowInsecure: true,
  timeoutMs: 5_000,
  resolve: to127,
  ...more,
});
const send = (settings: PostSettings = insecure(), path = '/hook?x=1', signal = never) =>
  post({ ...message, url: `http://sink.example:${port}${path}`, signal }, settings);
const failure = (error: string, status: number | null = null) => ({
  kind: 'failed',
  status,
  error,
  retryAfterMs: null,
});

describe('a receiver', () => {
  it('gets the body at the path, under its name, and 2xx is delivered', async () => {
    expect(await send()).toEqual({ kind: 'delivered', status: 204 });
    expect(requests).toEqual([{ path: '/hook?x=1', host: `sink.example:${port}`, body: '{"a":1}' }]);
  });

  it('fails with its status, and can ask for a later attempt', async () => {
    answer = (_request, response) => response.writeHead(503, { 'retry-after': '120' }).end('busy');
    expect(await send()).toEqual({ ...failure('answered with status 503', 503), retryAfterMs: 120_000 });
  });
});

describe('a hostile receiver', () => {
  it.each([301, 302, 303, 307, 308])('that redirects with %i is not followed', async (status) => {
    answer = (_request, response) => response.writeHead(status, { location: `http://127.0.0.1:${port}/secret` }).end();
    expect(await send()).toEqual(failure('redirects are not followed', status));
    expect(requests.map(({ path }) => path)).toEqual(['/hook?x=1']);
  });

  it('that does not answer is left', async () => {
    answer = () => undefined;
    expect(await send(insecure({ timeoutMs: 50 }))).toEqual(failure('no answer within 0.05 seconds'));
  });

  it('with an endless body is left after its status, and what it sends is not kept', async () => {
    let isClosed: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (isClosed = resolve));
    answer = (_request, response) => {
      response.writeHead(200);
      response.on('close', isClosed);
      const more = (): boolean => response.write('x'.repeat(65_536));
      response.on('drain', more);
      more();
    };
    expect(await send()).toEqual({ kind: 'delivered', status: 200 });
    await closed;
  });

  it('with huge headers is left', async () => {
    const tcp = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx-huge: ${'x'.repeat(1_000_000)}\r\n\r\n`));
    });
    const url = `http://sink.example:${await listening(tcp)}/`;
    expect(await post({ ...message, url }, insecure())).toEqual(failure('the headers of the answer are too long'));
    tcp.close();
  });

  it('that speaks something else, or hangs up, is left', async () => {
    const answers = ['SSH-2.0-OpenSSH_9\r\n', ''];
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answers.shift() ?? ''));
    });
    const url = `http://sink.example:${await listening(tcp)}/`;
    expect(await post({ ...message, url }, insecure())).toEqual(failure('the answer is not HTTP'));
    expect(await post({ ...message, url }, insecure())).toEqual(failure('the connection was closed before an answer'));
    tcp.close();
  });

  it('cannot hold up a process that stops', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const sent = send(insecure(), '/', stop.signal);
    while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await sent).toEqual({ kind: 'interrupted' });
  });
});

describe('an address inside a network', () => {
  const strict = (resolve: ResolveHost): PostSettings => ({ allowInsecure: false, timeoutMs: 5_000, resolve });
  const noAddress = failure('its host has no public address, or not only public ones');
  const unused: ResolveHost = () => Promise.reject(new Error('must not be asked'));

  it('is not reached by its number, however that is written', async () => {
    const hosts = [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '017700000001',
      '127.1',
      '[::1]',
      '[::ffff:7f00:1]',
      '10.0.0.1',
    ];
    for (const host of [...hosts, '169.254.169.254', '[fd00:ec2::254]', '0.0.0.0', '[::]', '[64:ff9b::7f00:1]'])
      expect({ host, ...(await post({ ...message, url: `https://${host}:${port}/` }, strict(unused))) }).toEqual({
        host,
        ...noAddress,
      });
    expect(sockets.size).toBe(0);
  });

  it('is not reached by a local name', async () => {
    for (const host of ['localhost', 'LOCALHOST.', 'a.localhost', 'metadata.google.internal', 'printer.local', 'db'])
      expect(await post({ ...message, url: `https://${host}:${port}/` }, strict(unused))).toEqual(noAddress);
  });

  it('is not reached by a name that also has a public address', async () => {
    for (const addresses of [['8.8.8.8', '127.0.0.1'], ['::ffff:127.0.0.1'], ['2606:4700::1', 'fe80::1'], []])
      expect(
        await post(
          { ...message, url: `https://sink.example:${port}/` },
          strict(() => Promise.resolve(addresses)),
        ),
      ).toEqual(noAddress);
    expect(sockets.size).toBe(0);
  });

  it('is not reached when a name changes between check and connection: it is resolved once, and its address is connected to', async () => {
    const answers = [['127.0.0.1'], ['127.0.0.9']];
    let asked = 0;
    const rebinding: ResolveHost = () => Promise.resolve(answers[Math.min(asked++, 1)]!);
    expect(await send(insecure({ resolve: rebinding }))).toEqual({ kind: 'delivered', status: 204 });
    expect(asked).toBe(1);
    // The same with the check: the first answer is refused, so nobody asks for a second one.
    asked = 0;
    expect(await post({ ...message, url: `https://sink.example:${port}/` }, strict(rebinding))).toEqual(noAddress);
    expect(asked).toBe(1);
  });

  it('is not reached without TLS', async () => {
    const plain = await post({ ...message, url: `http://8.8.8.8:${port}/` }, strict(unused));
    expect(plain).toEqual(failure('the URL does not begin with https://'));
  });
});

describe('TLS', () => {
  it('is made with the name of the URL, whatever address it goes to, and nothing is sent where the certificate is not accepted', async () => {
    const names: string[] = [];
    const heard: string[] = [];
    const tls = createTlsServer({
      cert: CERTIFICATE,
      key: PRIVATE_KEY,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    tls.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => heard.push(chunk.toString())));
    const url = `https://sink.example:${await listening(tls)}/`;
    expect(await post({ ...message, url }, insecure())).toEqual(
      failure('the certificate is not accepted: DEPTH_ZERO_SELF_SIGNED_CERT'),
    );
    expect([names, heard]).toEqual([['sink.example'], []]);
    tls.close();
  });
});

describe('a host with several addresses', () => {
  it('is reached at another one when the first does not answer', async () => {
    const resolve: ResolveHost = () => Promise.resolve(['127.0.0.250', '127.0.0.1']);
    expect(await send(insecure({ resolve }))).toEqual({ kind: 'delivered', status: 204 });
  });

  it('is not reached at all where none answers', async () => {
    const resolve: ResolveHost = () => Promise.resolve(['127.0.0.250']);
    expect(await send(insecure({ resolve }))).toEqual(failure('the connection was refused'));
  });
});

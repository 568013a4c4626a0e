import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import { wholeNumber } from '../paging.js';
import { isFresh, isGenuine, webhookKey, type Delivery } from '../webhook-signature.js';

const MAX_BODY_BYTES = 10 * 1_024 * 1_024;
const MAX_PORT = 65_535;

interface KeyOption {
  readonly key?: string;
}

function keyOf({ host }: Cli, { key }: KeyOption): ReturnType<typeof webhookKey> {
  const text = key ?? host.env['ALLOTREE_WEBHOOK_KEY'];
  if (!text) throw new CliError('the key of the endpoint is missing: --key or ALLOTREE_WEBHOOK_KEY.');
  return webhookKey(text);
}

interface VerifyOptions extends KeyOption {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

async function verifyFile(cli: Cli, file: string, options: VerifyOptions): Promise<ExitCode> {
  const key = keyOf(cli, options);
  const body = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read (${error.code ?? error.message}).`);
  });
  const delivery: Delivery = { ...options, body };
  const genuine = isGenuine(delivery, key);
  const fresh = isFresh(delivery, cli.host.now());
  const age = fresh ? '' : '; its timestamp is more than 5 minutes from now, so a receiver refuses it';
  const line = `${genuine ? 'The signature is genuine' : 'No signature is of this key'}${age}.`;
  cli.out.text({ genuine, fresh }, [line]);
  return genuine ? EXIT.done : EXIT.failed;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface Received {
  readonly status: 204 | 400 | 401 | 413;
  readonly event?: { readonly time?: string; readonly type?: string; readonly subject?: string };
}

async function receive({ host }: Cli, key: ReturnType<typeof webhookKey>, request: IncomingMessage): Promise<Received> {
  const body = await bodyOf(request);
  if (body === null) return { status: 413 };
  const header = (name: string): string => String(request.headers[name] ?? '');
  const delivery = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    body,
  };
  if (!isGenuine(delivery, key) || !isFresh(delivery, host.now())) return { status: 401 };
  try {
    return { status: 204, event: JSON.parse(body.toString('utf8')) as Received['event'] & object };
  } catch {
    return { status: 400 };
  }
}

interface ListenOptions extends KeyOption {
  readonly port: number;
  readonly limit?: number;
}

async function listen(cli: Cli, options: ListenOptions): Promise<void> {
  const key = keyOf(cli, options);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const { out } = cli;
  await new Promise<void>((done, failed) => {
    const server = createServer((request, response) => {
      void receive(cli, key, request).then(({ status, event }) => {
        response.writeHead(status, { connection: 'close' }).end();
        if (event === undefined) return out.note(`answered ${status}: not a delivery signed by this key`);
        out.event(event, `${event.time ?? ''}  ${event.type ?? ''}  ${event.subject ?? ''}`);
        left -= 1;
        if (left <= 0) server.close(() => done());
      }, failed);
    });
    server.once('error', (error) => failed(new CliError(`port ${options.port} cannot be used: ${error.message}`)));
    server.listen(options.port, '127.0.0.1', () => {
      const address = server.address();
      out.note(`Listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    });
  });
}

const KEY_OPTION = ['--key <key>', 'whsec_... or whpk_... of the endpoint (ALLOTREE_WEBHOOK_KEY)'] as const;

export const addWebhook: AddCommand = (program, act) => {
  const webhook = program.command('webhook').description('receive and verify webhooks');
  withExamples(webhook.command('listen'), {
    'allotree webhook listen --port 9000': 'Show the deliveries that a tunnel forwards to port 9000',
  })
    .description('receive deliveries on this machine, verify them and write their events')
    .option(...KEY_OPTION)
    .option('--port <port>', 'port on 127.0.0.1', wholeNumber(0, MAX_PORT), 9000)
    .option('--limit <number>', 'end after this number of events', wholeNumber(1, 1_000_000_000))
    .action(act(listen));
  withExamples(webhook.command('verify'), {
    'allotree webhook verify body.json --id <webhook-id> --timestamp <webhook-timestamp> --signature "<webhook-signature>"':
      'Verify a delivery that was kept',
  })
    .description('verify the signature of a delivery; exits with 1 if it is not of this key')
    .argument('<file>', 'the body, byte for byte')
    .requiredOption('--id <id>', 'its header webhook-id')
    .requiredOption('--timestamp <seconds>', 'its header webhook-timestamp')
    .requiredOption('--signature <signatures>', 'its header webhook-signature')
    .option(...KEY_OPTION)
    .action(act(verifyFile));
};

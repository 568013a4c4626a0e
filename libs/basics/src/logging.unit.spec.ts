import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { requestContext } from './request-context.js';
import { createLogger, NestLogger } from './logging.js';

function logInto(lines: Record<string, unknown>[]) {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString('utf8')) as Record<string, unknown>);
      done();
    },
  });
  return createLogger({ service: 'spec', level: 'info', destination });
}

describe('the log', () => {
  it('redacts secrets at any depth of what is logged', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = logInto(lines);
    logger.info(
      {
        password: 'p1',
        body: { password: 'p2', email: 'a@b.c' },
        req: { headers: { authorization: 'Bearer t1' } },
        answer: { access_token: 't2', deep: [{ list: [{ secret: 's1' }] }] },
      },
      'signed in',
    );
    expect(JSON.stringify(lines)).not.toMatch(/p1|p2|t1|t2|s1/);
    expect(lines[0]).toMatchObject({ body: { email: 'a@b.c' }, service: 'spec', level: 'info', msg: 'signed in' });
  });

  it('marks every line with the correlation id of the current request or message', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = logInto(lines);
    await requestContext.run({ correlationId: 'c1' }, async () => {
      await Promise.resolve();
      logger.info('inside');
    });
    logger.info('outside');
    expect(lines.map((line) => line['correlationId'])).toEqual(['c1', undefined]);
  });

  it('repeats no field of an earlier line of the same request', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = logInto(lines);
    requestContext.run({ correlationId: 'c1' }, () => {
      logger.info({ attempt: 1, err: new Error('gone') }, 'first');
      logger.info('second');
    });
    expect(Object.keys(lines[1]!).sort()).toEqual(['correlationId', 'level', 'msg', 'service', 'time']);
  });

  it("writes Nest's lines in the same format", () => {
    const lines: Record<string, unknown>[] = [];
    const nest = new NestLogger(logInto(lines));
    nest.log('started', 'NestFactory');
    nest.error('failed', 'Error: failed\n at x', 'Router');
    nest.error(new Error('boom'), 'Router');
    nest.debug('not at this level');
    expect(lines).toMatchObject([
      { level: 'info', context: 'NestFactory', msg: 'started' },
      { level: 'error', context: 'Router', stack: 'Error: failed\n at x', msg: 'failed' },
      { level: 'error', context: 'Router', err: { message: 'boom' }, msg: 'boom' },
    ]);
  });
});

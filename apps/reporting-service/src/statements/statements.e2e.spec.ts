import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { CloudEvent, PulledEvent, StatementAnswer } from '@allotree/contracts';
import { canonicalText } from '@allotree/domain';
import { ProjectionChecks } from '@allotree/service';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { Service } from '../service-under-test.harness.js';
import { isSigned } from './signing-key.js';
import { verifyAccounts } from './verification.js';
import { at } from '../tables/history.fixture.js';
import { administrator, AUGUST, Hafenblick, iso, JULY, JUNE, Kai, partners, stockOf } from './statements.fixture.js';

let service: Service;

const settled = async (): Promise<void> => {
  await service.untilProjected();
  const open = `SELECT FROM reporting.billing_period WHERE status = 'waiting'
    UNION ALL SELECT FROM reporting.billing_outbox
    UNION ALL SELECT FROM reporting.billing_position WHERE position < (SELECT position FROM reporting.tables_position)`;
  await until(
    () => service.rows(open),
    ({ length }) => length === 0,
  );
};
const publish = async (...events: readonly CloudEvent[]): Promise<void> => {
  await service.publish(...events);
  await settled();
};

const statementsOf = async (account: string, query = ''): Promise<readonly StatementAnswer[]> => {
  const { body } = await service.get(`/accounts/${account}/statements${query}`);
  const items = body.items as { statementId: string }[];
  const answers = await Promise.all(items.map(({ statementId }) => service.get(`/statements/${statementId}`)));
  return answers.map((answer) => answer.body as StatementAnswer);
};
const untilIssued = (account: string, count: number): Promise<readonly StatementAnswer[]> =>
  until(
    () => statementsOf(account),
    ({ length }) => length >= count,
  );
const untilPulled = (type: string, count: number): Promise<readonly PulledEvent[]> =>
  until(
    () => service.pull(`types=${type}`),
    ({ length }) => length >= count,
  );
const brief = ({ content }: StatementAnswer) =>
  content.lines.map(({ type, resource, quantity, amount }) => [type, resource, quantity, amount]);

const dahl = new Hafenblick();
const kai = new Kai();
const stock = stockOf('nordlicht');
const [dahlBegins, ...dahlUses] = dahl.begin();
const [kaiBegins, ...kaiUses] = kai.begin();
const juneIsOver = dahl.closeJune();
const priced = (unitPrice: string, basis = 'time_weighted') => ({
  currency: 'EUR',
  resources: { sip_number: { basis, unitPrice } },
});
const TERMS = {
  'dahl:hafenblick': priced('1.50'),
  'nordlicht:kai': priced('2.00', 'entitled'),
  'nordlicht:dahl': priced('1.00'),
  'vendor:nordlicht': { ...priced('0.50'), calendar: { interval: 'P1M', anchorDay: 1, timeZone: 'UTC' } },
};

let seller: Record<string, string>;
let buyer: Record<string, string>;
let stranger: Record<string, string>;

beforeAll(async () => {
  service = await Service.start();
  service.setClock(at(-1));
  await publish(
    ...partners(),
    administrator('nordlicht', 'nordlicht', 'nora'),
    administrator('dahl', 'nordlicht', 'dora'),
    administrator('stranger', 'stranger', 'sam'),
    dahlBegins!,
    kaiBegins!,
  );
  seller = await service.as({ userId: 'nora' });
  buyer = await service.as({ userId: 'dora' });
  stranger = await service.as({ userId: 'sam' });
});
afterAll(() => service.stop());

describe('accounts', () => {
  const accountsOf = async (headers?: Record<string, string>): Promise<readonly string[]> => {
    const { body } = await service.get('/accounts', headers);
    return (body.items as { accountId: string }[]).map(({ accountId }) => accountId);
  };

  it('are seen by their seller and their buyer', async () => {
    const own = ['dahl:hafenblick', 'nordlicht:dahl', 'nordlicht:kai', 'vendor:nordlicht'];
    expect(await accountsOf()).toEqual([...own, 'vendor:stranger']);
    expect(await accountsOf(seller)).toEqual(own);
    expect(await accountsOf(buyer)).toEqual(['dahl:hafenblick', 'nordlicht:dahl']);
    expect(await accountsOf(stranger)).toEqual(['vendor:stranger']);
    const { body } = await service.get('/accounts?limit=2&filter=sellerKind%20%3D%20"partner"');
    expect(body.items).toHaveLength(2);
    const next = await service.get(`/accounts?limit=2&filter=sellerKind%20%3D%20"partner"&cursor=${body.nextCursor}`);
    expect(next.body).toMatchObject({ items: [{ accountId: 'nordlicht:kai' }], nextCursor: null });
  });

  it('name both parties, also to a buyer who may not read its seller', async () => {
    const { body } = await service.get('/accounts', buyer);
    const named = { sellerName: 'Nordlicht', buyerName: 'Dahl' };
    expect(body.items.at(-1)).toMatchObject({ accountId: 'nordlicht:dahl', ...named });
    expect((await service.get('/accounts/nordlicht:dahl', buyer)).body).toMatchObject(named);
    expect((await service.get('/accounts/vendor:nordlicht')).body).toMatchObject({ sellerName: null });
  });

  it('have no period before something is billed', async () => {
    expect((await service.get('/accounts/dahl:hafenblick')).body).toMatchObject({
      buyerKind: 'project',
      documents: 0,
      currentPeriod: null,
      terms: { currency: null, resources: { ukey2: { basis: 'time_weighted', unitPrice: null } } },
    });
    expect((await service.get('/accounts/dahl:hafenblick/statements/current')).status).toBe(404);
  });

  it('take terms of their seller alone', async () => {
    const terms = priced('0.01');
    const put = async (account: string, headers: Record<string, string>) =>
      (await service.put(`/accounts/${account}/terms`, terms, headers)).status;
    expect([await put('nordlicht:dahl', buyer), await put('vendor:nordlicht', seller)]).toEqual([403, 403]);
    expect([await put('nordlicht:kai', buyer), await put('nordlicht:dahl', stranger)]).toEqual([404, 404]);
    expect(await service.rows('SELECT FROM reporting.account_terms')).toEqual([]);
    for (const [account, own] of Object.entries(TERMS))
      expect((await service.put(`/accounts/${account}/terms`, own)).status).toBe(200);
  });

  it.each([
    ['a price without a currency', { resources: { ukey2: { basis: 'peak', unitPrice: '1' } } }],
    ['a negative price', priced('-1')],
    ['a price that is no decimal number', priced('1e3')],
    ['an unknown basis', priced('1', 'highest')],
    ['a commitment of another basis', { resources: { ukey2: { basis: 'peak', committed: 5 } } }],
    ['sustained use without a length', { resources: { ukey2: { basis: 'sustained' } } }],
    ['an anchor day 32', { calendar: { interval: 'P1M', anchorDay: 32, timeZone: 'UTC' } }],
    ['an unknown zone', { calendar: { interval: 'P1M', anchorDay: 1, timeZone: 'Mars/Olympus' } }],
  ])('refuse %s', async (_what, terms) => {
    const before = await service.rows('SELECT * FROM reporting.account_terms ORDER BY account_id, version');
    const { status, body } = await service.put('/accounts/nordlicht:dahl/terms', terms);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(await service.rows('SELECT * FROM reporting.account_terms ORDER BY account_id, version')).toEqual(before);
  });
});

describe('the statements of June', () => {
  beforeAll(async () => {
    service.setClock(at(400));
    await publish(...dahlUses, ...kaiUses, stock.recorded(100), stock.sold(200, 'dahl'));
  });

  it('run until the period is over', async () => {
    const { body } = await service.get('/accounts/dahl:hafenblick/statements/current');
    expect(body).toMatchObject({ final: false, at: iso(400), period: { from: iso(JUNE), until: iso(JULY) } });
    // Two numbers, and a third in the last 40 of 400 hours.
    expect(body.lines[0]).toMatchObject({ quantity: '2.100000', amount: '3.15', eventIds: [] });
    const partner = await service.get('/accounts/nordlicht:dahl/statements/current');
    expect(partner.body.lines).toHaveLength(4);
    expect((await service.get('/accounts/dahl:hafenblick/statements')).body.items).toEqual([]);
  });

  it('are issued when the periods of all projects are closed', async () => {
    service.setClock(at(JULY + 1));
    await publish(juneIsOver);
    const [own] = await untilIssued('dahl:hafenblick', 1);
    expect(own!.content).toMatchObject({
      number: 1,
      period: { from: iso(JUNE), until: iso(JULY) },
      total: '3.75',
      previousHash: null,
    });
    expect(brief(own!)).toEqual([
      ['usage', 'sip_number', '2.500000', '3.75'],
      ['usage', 'mobile_app', '0.000000', null],
      ['usage', 'ukey2', '0.000000', null],
    ]);
    expect((await statementsOf('vendor:nordlicht')).length).toBe(0);
    await publish(kai.closeJune());
    const [ofKai] = await untilIssued('nordlicht:kai', 1);
    expect(brief(ofKai!)).toEqual([
      ['usage', 'sip_number', '6.666667', '13.33'],
      ['new', 'sip_number', null, '0.00'],
      ['new', 'mobile_app', null, '0.00'],
      ['new', 'ukey2', null, '0.00'],
      ['new', 'sip_number', '16.774194', null],
    ]);
    const [dealers] = await untilIssued('nordlicht:dahl', 1);
    expect(brief(dealers!).filter(([, resource]) => resource === 'sip_number')).toEqual([
      ['usage', 'sip_number', '2.500000', '2.50'],
      ['new', 'sip_number', '80.000000', '80.00'],
    ]);
    const [vendors] = await untilIssued('vendor:nordlicht', 1);
    expect(brief(vendors!).filter(([, resource]) => resource === 'sip_number')).toEqual([
      ['usage', 'sip_number', '2.500000', '1.25'],
      ['new', 'sip_number', '200.000000', '100.00'],
    ]);
    expect(vendors!.content.total).toBe('101.25');
  });

  it('prove themselves', async () => {
    const { keys } = (await service.get('/statement-keys')).body;
    for (const account of Object.keys(TERMS)) {
      const [{ content, hash, signature }] = (await statementsOf(account)) as [StatementAnswer];
      const text = canonicalText(content);
      expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
      expect(await isSigned(text, signature, keys)).toBe(true);
      expect(await isSigned(text.replace('"number":1', '"number":2'), signature, keys)).toBe(false);
    }
  });

  it('are files', async () => {
    const [{ statementId, hash, content }] = (await statementsOf('dahl:hafenblick')) as [StatementAnswer];
    const file = (ending: string) => service.download(`/statements/${statementId}.${ending}`);
    expect(
      createHash('sha256')
        .update(await file('json'))
        .digest('hex'),
    ).toBe(hash);
    const csv = parse(await file('csv'), { columns: true });
    expect(csv).toHaveLength(content.lines.length);
    expect(csv[0]).toMatchObject({
      account_id: 'dahl:hafenblick',
      type: 'usage',
      quantity: '2.500000',
      amount: '3.75',
      unit_milliseconds: content.lines[0]!.unitMilliseconds,
      service_from: iso(JUNE),
    });
    const bytes = await file('parquet');
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const rows = await parquetReadObjects({ file: buffer });
    expect(rows[0]).toMatchObject({
      number: 1n,
      unit_milliseconds: BigInt(content.lines[0]!.unitMilliseconds!),
      service_until: at(JULY),
      amount: '3.75',
      reason: null,
    });
    const focus = parse(await file('focus.csv'), { columns: true });
    expect(focus[0]).toMatchObject({
      BilledCost: '3.75',
      BillingCurrency: 'EUR',
      ChargeCategory: 'Usage',
      ChargeClass: '',
      ChargePeriodStart: iso(JUNE),
      ChargePeriodEnd: iso(JULY),
      InvoiceId: statementId,
      PricingQuantity: '2.500000',
      ContractedUnitPrice: '1.50',
      SubAccountId: 'hafenblick',
    });
    expect((await service.get(`/statements/${statementId}.csv`, stranger)).status).toBe(404);
  });

  it('are events, also in the feed', async () => {
    const events = await untilPulled('allotree.statement-issued.v1', 4);
    expect(events.map(({ subject, sequence }) => [subject, sequence]).sort()).toEqual([
      ['dahl', '0000000000000000'],
      ['hafenblick', '0000000000000000'],
      ['kai', '0000000000000000'],
      ['nordlicht', '0000000000000000'],
    ]);
    const [own] = await statementsOf('dahl:hafenblick');
    const event = events.find(({ subject }) => subject === 'hafenblick')!;
    expect(event).toMatchObject({ source: '/reporting-service', tenantid: 'nordlicht' });
    expect(event.data).toMatchObject({ documentId: own!.statementId, hash: own!.hash, total: '3.75', lineCount: 3 });
  });

  it('are seen by the seller and the buyer alone', async () => {
    const [dealers] = await statementsOf('nordlicht:dahl');
    const [ofKai] = await statementsOf('nordlicht:kai');
    const see = async (id: string, headers: Record<string, string>) =>
      (await service.get(`/statements/${id}`, headers)).status;
    expect([await see(dealers!.statementId, seller), await see(dealers!.statementId, buyer)]).toEqual([200, 200]);
    expect([await see(ofKai!.statementId, buyer), await see(dealers!.statementId, stranger)]).toEqual([404, 404]);
    for (const path of ['', '/statements', '/statements/current', '/reconciliation'])
      expect((await service.get(`/accounts/nordlicht:kai${path}`, buyer)).status).toBe(404);
  });

  it('stay as they are when the events come again', async () => {
    const before = await service.rows('SELECT * FROM reporting.document ORDER BY account_id, number');
    await publish(juneIsOver, dahlBegins!, ...dahlUses);
    expect(await service.rows('SELECT * FROM reporting.document ORDER BY account_id, number')).toEqual(before);
  });
});

describe('what is decided about a statement', () => {
  const adjustment = (hours: number) => ({
    period: iso(hours),
    line: { resource: 'sip_number', quantity: '-0.5', amount: '-0.70' },
    reason: 'Outage',
  });

  it('is an adjustment of a period that is issued, by the seller', async () => {
    const post = (body: unknown, headers?: Record<string, string>) =>
      service.post('/accounts/dahl:hafenblick/adjustments', body, headers);
    const open = await post(adjustment(JULY + 1));
    expect([open.status, open.body.code]).toEqual([409, 'PERIOD_OPEN']);
    const odd = await post({ ...adjustment(5), line: { ...adjustment(5).line, amount: '0.123' } });
    expect([odd.status, odd.body.errors]).toEqual([400, [expect.objectContaining({ field: 'line.amount' })]]);
    expect((await post(adjustment(5), stranger)).status).toBe(404);
    expect(await service.rows('SELECT FROM reporting.adjustment')).toEqual([]);
    const made = await post(adjustment(5), { ...buyer, 'idempotency-key': 'once' });
    expect([made.status, made.body.period]).toEqual([201, { from: iso(JUNE), until: iso(JULY) }]);
    await post(adjustment(5), { ...buyer, 'idempotency-key': 'once' });
    expect(await service.rows('SELECT FROM reporting.adjustment')).toHaveLength(1);
  });

  it('is a credit note, once for each line', async () => {
    const [june] = await statementsOf('nordlicht:dahl');
    const post = (body: unknown, headers = seller) =>
      service.post(`/statements/${june!.statementId}/credit-notes`, body, headers);
    expect((await post({ reason: 'Mine' }, buyer)).status).toBe(403);
    expect((await post({ reason: 'Mine' }, stranger)).status).toBe(404);
    expect((await post({ reason: 'None', lines: [99] })).status).toBe(400);
    const { status, body } = await post({ reason: 'Agreed', lines: [1] });
    expect(status).toBe(201);
    expect(body.content).toMatchObject({
      kind: 'credit_note',
      number: 2,
      creditOf: june!.statementId,
      previousHash: june!.hash,
      total: '-2.50',
      lines: [{ type: 'credit', changes: 'usage', quantity: '-2.500000', amount: '-2.50', reason: 'Agreed' }],
    });
    const again = await post({ reason: 'Again' });
    expect([again.status, again.body.code, again.body.lines]).toEqual([409, 'ALREADY_CREDITED', [1]]);
    const ofNote = await service.post(`/statements/${body.statementId}/credit-notes`, { reason: 'Again' }, seller);
    expect(ofNote.status).toBe(400);
    expect(await service.rows("SELECT FROM reporting.document WHERE kind = 'credit_note'")).toHaveLength(1);
    const events = await untilPulled('allotree.credit-note-issued.v1', 1);
    expect(events.map(({ subject, data }) => [subject, data])).toEqual([
      ['dahl', expect.objectContaining({ documentId: body.statementId, creditOf: june!.statementId })],
    ]);
  });
});

describe('the statements of July', () => {
  it('are held while the two computations differ', async () => {
    const falsify = (by: number) =>
      service.rows(
        `UPDATE reporting.usage_step SET in_force = in_force + $1 WHERE project_id = 'hafenblick' AND at = $2`,
        [by, at(360)],
      );
    await falsify(1);
    service.setClock(at(AUGUST + 1));
    await publish(dahl.closeJuly());
    const { body } = await service.get('/accounts/dahl:hafenblick/reconciliation');
    expect(body.projects).toMatchObject([
      { projectId: 'hafenblick', status: 'held', divergesAt: iso(JULY), from: iso(JULY), until: iso(AUGUST) },
    ]);
    expect(body.projects[0].resources[0]).toMatchObject({
      ours: { open: 4 },
      control: { open: 3 },
      differences: ['open', 'close', 'peak', 'unitMs', 'overageMs'],
    });
    expect(await statementsOf('dahl:hafenblick')).toHaveLength(1);
    await falsify(-1);
    await service.rows("UPDATE reporting.billing_period SET checked_at = NULL WHERE status = 'held'");
    const [, july] = await untilIssued('dahl:hafenblick', 2);
    expect(july!.content.lines.map(({ type, quantity, amount, reason }) => [type, quantity, amount, reason])).toEqual([
      ['usage', '3.000000', '4.50', null],
      ['usage', '0.000000', null, null],
      ['usage', '0.000000', null, null],
      ['correction', '-0.500000', '-0.70', 'Outage'],
    ]);
    expect(july!.content.total).toBe('3.80');
    expect(
      (await service.get(`/accounts/dahl:hafenblick/reconciliation?period=${iso(5)}`)).body.projects,
    ).toMatchObject([{ status: 'agreed', from: iso(JUNE) }]);
  });

  it('correct June for a license that began in the past', async () => {
    await publish(...kai.july());
    const [june, july] = await untilIssued('nordlicht:kai', 2);
    expect(july!.content.previousHash).toBe(june!.hash);
    expect(brief(july!)).toEqual([
      ['usage', 'sip_number', '20.000000', '40.00'],
      ['correction', 'sip_number', '13.548387', null],
      ['correction', 'sip_number', '3.333333', '6.67'],
    ]);
    expect(july!.content.lines[2]).toMatchObject({
      changes: 'usage',
      servicePeriod: { from: iso(JUNE), until: iso(JULY) },
    });
    const [, dealers] = (await untilIssued('nordlicht:dahl', 3)).filter(({ content }) => content.kind === 'statement');
    expect(dealers!.content).toMatchObject({ number: 3, total: '3.00' });
  });

  it('do not let the currency change', async () => {
    const { status, body } = await service.put('/accounts/dahl:hafenblick/terms', { ...priced('1'), currency: 'USD' });
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ field: 'currency' })]]);
  });
});

describe('verification', () => {
  const faultsOf = async (account: string | null = null): Promise<readonly string[]> => {
    const faults: string[] = [];
    for await (const { accountId, documents, faults: found } of verifyAccounts(rows, account)) {
      expect(documents).toBeGreaterThan(0);
      faults.push(...found.map(({ number, fault }) => `${accountId} ${number}: ${fault}`));
    }
    return faults;
  };
  const rows = { query: <Row>(sql: string, parameters?: unknown[]) => service.rows<Row>(sql, parameters) };

  it('finds every document to follow from the events', async () => {
    expect(await faultsOf()).toEqual([]);
  });

  it('says no for a stored line that was changed', async () => {
    const change = (from: string, to: string) =>
      service.rows(
        `UPDATE reporting.document SET content = replace(content::text, $1, $2)::jsonb
         WHERE account_id = 'dahl:hafenblick' AND number = 1`,
        [from, to],
      );
    await change('"amount": "3.75"', '"amount": "1.75"');
    expect(await faultsOf('dahl:hafenblick')).toEqual([
      'dahl:hafenblick 1: its total is not the sum of its lines',
      'dahl:hafenblick 1: its hash is not that of its content',
      'dahl:hafenblick 1: its signature is not that of its content',
      'dahl:hafenblick 1: its lines are not those that follow from the events',
    ]);
    await change('"amount": "1.75"', '"amount": "3.75"');
    expect(await faultsOf()).toEqual([]);
  });

  it('gives the same hashes when everything is computed again from the first event', async () => {
    const hashes = 'SELECT account_id, number, content, hash FROM reporting.document ORDER BY account_id, number';
    const before = await service.rows(hashes);
    const decided = "WHERE kind = 'credit_note'";
    expect(await service.rows(`SELECT FROM reporting.document ${decided}`)).toHaveLength(1);
    await service.rows(`DELETE FROM reporting.document WHERE account_id <> 'nordlicht:dahl'`);
    await service.rows("DELETE FROM reporting.account WHERE account_id <> 'nordlicht:dahl'");
    await service.rows('TRUNCATE reporting.billing_period, reporting.billing_terms');
    await service.rows('UPDATE reporting.billing_position SET position = 0');
    await (
      await service.app.get(ProjectionChecks, { strict: false }).begin('rebuild', 'tables')
    )?.ended;
    const after = await until(
      () => service.rows(hashes),
      ({ length }) => length >= before.length,
    );
    expect(after).toEqual(before);
  });
});

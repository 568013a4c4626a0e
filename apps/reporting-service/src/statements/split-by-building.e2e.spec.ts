import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { StatementAnswer, StatementPart } from '@allotree/contracts';
import { parse } from 'csv-parse/sync';
import { Service } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, at, PROJECT } from '../tables/history.fixture.js';
import { administrator, closed, JULY, JUNE, partners, termsSet, unitHours } from './statements.fixture.js';

let service: Service;
beforeAll(async () => {
  service = await Service.start({ STATEMENT_WAIT_SECONDS: '0' });
  await service.publish(...partners(), administrator('stranger', 'stranger', 'sam'));
});
afterAll(() => service.stop());

const untilIssued = async (account: string): Promise<readonly StatementAnswer[]> => {
  const { body } = await until(
    () => service.get(`/accounts/${account}/statements`),
    ({ body: { items } }) => items.length > 0,
  );
  const items = body.items as { statementId: string }[];
  return Promise.all(items.map(async ({ statementId }) => (await service.get(`/statements/${statementId}`)).body));
};

describe('statements', () => {
  it('are split by building, in parts that add up', async () => {
    const groups = aboutGroups('split');
    const licensing = aboutLicensing('split');
    const postpaid = { partnerId: 'dahl', billingMode: 'postpaid', timeZone: 'UTC' } as const;
    const unit = (assignmentId: string, ...below: string[]) => ({
      assignmentId,
      groupId: below.at(-1) ?? 'split',
      resource: 'sip_number' as const,
      path: ['split', ...below],
    });
    const place = (groupId: string, parentId: string, type: 'building' | 'apartment', name = groupId) => ({
      groupId,
      parentId,
      type,
      name,
    });
    const all = [
      place('b', 'split', 'building', 'B'),
      place('a', 'split', 'building', 'A'),
      place('c', 'split', 'building'),
    ];
    const inside = [place('a1', 'a', 'apartment'), place('annex', 'a', 'building')];
    // A: one number and one in its annex; B: one from the middle of the month on; one outside both; none in C.
    const unitMs = unitHours(3 * 720 + 360);
    await service.publish(
      groups(JUNE, 'allotree.project-created.v1', { ...PROJECT, ...postpaid }),
      groups(JUNE, 'allotree.groups-placed.v1', { groups: all }),
      groups(JUNE, 'allotree.groups-placed.v1', { groups: inside }),
      termsSet(licensing, JUNE),
      licensing(JUNE, 'allotree.assignments-made.v1', {
        assignments: [unit('s1', 'a', 'a1'), unit('s2', 'a', 'annex'), unit('s3')],
      }),
      licensing(360, 'allotree.assignment-made.v1', unit('s4', 'b')),
    );
    await service.put('/accounts/dahl:split/terms', {
      currency: 'EUR',
      resources: { sip_number: { basis: 'time_weighted', unitPrice: '0.99' } },
    });
    const use = { open: 3, close: 4, peak: 4, peakAt: at(360).getTime(), unitMs, overageMs: unitMs };
    await service.publish(closed(licensing, [JUNE, JULY], 'postpaid', { sip_number: use }));
    const [{ statementId, content }] = (await untilIssued('dahl:split')) as [StatementAnswer];
    expect(content.lines[0]).toMatchObject({ line: 1, resource: 'sip_number', quantity: '3.500000', amount: '3.47' });
    const { body } = await service.get(`/statements/${statementId}?splitBy=building`);
    const ms = (hours: number) => unitHours(hours).toString();
    const ofNumbers = (body.split as StatementPart[]).filter(({ line }) => line === 1);
    expect(ofNumbers).toEqual([
      { line: 1, groupId: 'a', name: 'A', unitMilliseconds: ms(1_440), quantity: '2.000000', amount: '1.98' },
      { line: 1, groupId: 'b', name: 'B', unitMilliseconds: ms(360), quantity: '0.500000', amount: '0.50' },
      { line: 1, groupId: null, name: null, unitMilliseconds: ms(720), quantity: '1.000000', amount: '0.99' },
    ]);
    expect({ ...body, split: undefined }).toEqual((await service.get(`/statements/${statementId}`)).body);
    const file = await service.download(`/statements/${statementId}.csv?splitBy=building`);
    const rows: Record<string, string>[] = parse(file, { columns: true });
    expect(
      rows.slice(0, 3).map((row) => [row['line'], row['building_id'], row['building_name'], row['amount']]),
    ).toEqual(ofNumbers.map(({ groupId, name, amount }) => ['1', groupId ?? '', name ?? '', amount]));
    expect((await service.get(`/statements/${statementId}?splitBy=floor`)).body.code).toBe('VALIDATION');
    expect(
      (await service.get(`/statements/${statementId}?splitBy=building`, await service.as({ userId: 'sam' }))).status,
    ).toBe(404);
    const [between] = (await untilIssued('nordlicht:dahl')) as [StatementAnswer];
    expect((await service.get(`/statements/${between.statementId}?splitBy=building`)).body.code).toBe('VALIDATION');
  });
});

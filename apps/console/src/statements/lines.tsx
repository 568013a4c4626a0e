import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AnswerOf } from '../api/client.js';
import { termText } from '../parts/dates.js';
import { Rows } from '../parts/rows.js';
import { usePartyNames } from './parties.js';

type Content = AnswerOf<'/api/v1/statements/{statementId}'>['content'];
export type Billed = Pick<Content, 'lines' | 'total' | 'currency' | 'minorDigits' | 'timeZone'>;

/** An amount of the currency with every digit that was computed. */
export const moneyText = (amount: string | null, currency: string | null, digits: number, language: string): string =>
  amount === null || currency === null
    ? '–'
    : new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        // Decimal text keeps every digit.
      }).format(amount as Intl.StringNumericLiteral);

/** What is billed, line by line, and the sum. */
export function Lines({ billed }: { readonly billed: Billed }) {
  const { t, i18n } = useTranslation();
  const { lines, total, currency, minorDigits, timeZone } = billed;
  const nameOf = usePartyNames(lines.map(({ projectId }) => ({ kind: 'project', id: projectId })));
  const money = (amount: string | null) => moneyText(amount, currency, minorDigits, i18n.language);
  const decimal = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 6 });
  if (lines.length === 0) return <Text c="dimmed">{t('statements.noLines')}</Text>;
  return (
    <Rows
      label={t('statements.lines')}
      rows={lines}
      keyOf={({ line }) => String(line)}
      minWidth={720}
      columns={[
        { title: t('statements.line'), numbers: true, cell: ({ line }) => line },
        {
          title: t('use.resource'),
          cell: ({ resource, type, basis, projectId, reason }) => (
            <>
              {t(`resources.${resource}`)}
              <Text size="xs" c="dimmed">
                {[
                  t(`statements.lineTypes.${type}`),
                  t(`statements.bases.${basis}`),
                  nameOf({ kind: 'project', id: projectId }),
                ].join(' · ')}
              </Text>
              {reason !== null && <Text size="xs">{reason}</Text>}
            </>
          ),
        },
        {
          title: t('statements.servicePeriod'),
          cell: ({ servicePeriod: { from, until } }) =>
            termText(from, until, timeZone, i18n.language, t('common.indefinite')),
        },
        {
          title: t('statements.quantity'),
          numbers: true,
          cell: ({ quantity }) => (quantity === null ? '–' : decimal.format(quantity as Intl.StringNumericLiteral)),
        },
        {
          title: t('statements.unitPrice'),
          numbers: true,
          cell: ({ unitPrice }) => decimalPrice(unitPrice, currency, i18n.language),
        },
        { title: t('statements.amount'), numbers: true, cell: ({ amount }) => money(amount) },
      ]}
      foot={
        <Table.Tr role="row">
          <Table.Th colSpan={5} scope="row" role="rowheader">
            {t('statements.total')}
          </Table.Th>
          <Table.Th role="cell" className="numbers">
            {money(total)}
          </Table.Th>
        </Table.Tr>
      }
    />
  );
}

/** A price can have more digits than an amount. */
const decimalPrice = (price: string | null, currency: string | null, language: string): string =>
  price === null || currency === null
    ? '–'
    : new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: 10 }).format(
        price as Intl.StringNumericLiteral,
      );

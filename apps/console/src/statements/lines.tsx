import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AnswerOf } from '../api/client.js';
import { termText } from '../parts/dates.js';
import { WideTable } from '../parts/wide-table.js';
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
    <WideTable minWidth={720} label={t('statements.lines')}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th className="numbers">{t('statements.line')}</Table.Th>
          <Table.Th>{t('use.resource')}</Table.Th>
          <Table.Th>{t('statements.servicePeriod')}</Table.Th>
          <Table.Th className="numbers">{t('statements.quantity')}</Table.Th>
          <Table.Th className="numbers">{t('statements.unitPrice')}</Table.Th>
          <Table.Th className="numbers">{t('statements.amount')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line) => (
          <Table.Tr key={line.line}>
            <Table.Td className="numbers">{line.line}</Table.Td>
            <Table.Td>
              {t(`resources.${line.resource}`)}
              <Text size="xs" c="dimmed">
                {[
                  t(`statements.lineTypes.${line.type}`),
                  t(`statements.bases.${line.basis}`),
                  nameOf({ kind: 'project', id: line.projectId }),
                ].join(' · ')}
              </Text>
              {line.reason !== null && <Text size="xs">{line.reason}</Text>}
            </Table.Td>
            <Table.Td>
              {termText(
                line.servicePeriod.from,
                line.servicePeriod.until,
                timeZone,
                i18n.language,
                t('common.indefinite'),
              )}
            </Table.Td>
            <Table.Td className="numbers">
              {line.quantity === null ? '–' : decimal.format(line.quantity as Intl.StringNumericLiteral)}
            </Table.Td>
            <Table.Td className="numbers">{decimalPrice(line.unitPrice, currency, i18n.language)}</Table.Td>
            <Table.Td className="numbers">{money(line.amount)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Table.Tr>
          <Table.Th colSpan={5} scope="row">
            {t('statements.total')}
          </Table.Th>
          <Table.Th className="numbers">{money(total)}</Table.Th>
        </Table.Tr>
      </Table.Tfoot>
    </WideTable>
  );
}

/** A price can have more digits than an amount. */
const decimalPrice = (price: string | null, currency: string | null, language: string): string =>
  price === null || currency === null
    ? '–'
    : new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: 10 }).format(
        price as Intl.StringNumericLiteral,
      );

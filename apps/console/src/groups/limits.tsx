import { Button, Paper, Table, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { limitText, RESOURCES, type Resource } from '../parts/limit-text.js';
import { quotaQuery, type Quota } from './quota-query.js';
import { WhyWindow } from './why-window.js';

interface LimitsProps {
  readonly projectId: string;
  readonly groupId: string;
  /** `undefined`: now. */
  readonly at: string | undefined;
}

/** Limit, use and free units of a group, now or at an instant, and why. */
export function Limits({ projectId, groupId, at }: LimitsProps) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Resource | null>(null);
  const { data: quota } = useSuspenseQuery(quotaQuery(projectId, groupId, at));
  return (
    <Paper withBorder p="sm">
      {at === undefined && (
        <Title order={2} size="h5">
          {t('licenses.limits')}
        </Title>
      )}
      <Table.ScrollContainer minWidth={520}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th />
              <Table.Th className="numbers">{t('licenses.limit')}</Table.Th>
              <Table.Th className="numbers">{t('licenses.consumed')}</Table.Th>
              <Table.Th className="numbers">{t('licenses.suspended')}</Table.Th>
              <Table.Th className="numbers">{t('licenses.available')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {RESOURCES.map((resource) => (
              <LimitRow key={resource} resource={resource} quota={quota} onAsk={() => setAsked(resource)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {asked && <WhyWindow of={{ projectId, groupId, resource: asked, at }} onClose={() => setAsked(null)} />}
    </Paper>
  );
}

interface LimitRowProps {
  readonly resource: Resource;
  readonly quota: Quota;
  readonly onAsk: () => void;
}

function LimitRow({ resource, quota, onAsk }: LimitRowProps) {
  const { t } = useTranslation();
  const { effectiveLimit, limitedBy, consumed, suspended, available } = quota.resources[resource];
  const name = limitedBy?.groupId === null ? t('common.projectLicenses') : limitedBy?.name;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {t(`resources.${resource}`)}
        <Text size="xs" c="dimmed">
          {name === undefined ? t('licenses.noLimit') : t('licenses.limitedBy', { name })}
        </Text>
      </Table.Th>
      <Table.Td className="numbers">{limitText(effectiveLimit, t)}</Table.Td>
      <Table.Td className="numbers">{consumed}</Table.Td>
      <Table.Td className="numbers" {...(suspended > 0 && { c: 'red' })}>
        {suspended}
      </Table.Td>
      <Table.Td className="numbers">{limitText(available, t)}</Table.Td>
      <Table.Td>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={onAsk}
          aria-label={`${t('common.why')} ${t(`resources.${resource}`)}`}
        >
          {t('common.why')}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

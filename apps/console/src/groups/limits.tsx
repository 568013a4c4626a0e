import { Button, Paper, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { limitText, numberText, RESOURCES, type Resource } from '../parts/limit-text.js';
import { Rows } from '../parts/rows.js';
import { quotaQuery } from './quota-query.js';
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
      <Rows
        label={t('licenses.limits')}
        rows={RESOURCES.map((resource) => ({ resource, ...quota.resources[resource] }))}
        keyOf={({ resource }) => resource}
        minWidth={520}
        columns={[
          {
            title: '',
            isHead: true,
            cell: ({ resource, limitedBy }) => (
              <>
                <Text fw={700} size="sm">
                  {t(`resources.${resource}`)}
                </Text>
                <Text size="xs" c="dimmed">
                  {limitedBy === null
                    ? t('licenses.noLimit')
                    : t('licenses.limitedBy', {
                        name: limitedBy.groupId === null ? t('common.projectLicenses') : limitedBy.name,
                      })}
                </Text>
              </>
            ),
          },
          {
            title: t('licenses.limit'),
            numbers: true,
            cell: ({ effectiveLimit }) => limitText(effectiveLimit, t),
          },
          { title: t('licenses.consumed'), numbers: true, cell: ({ consumed }) => numberText(consumed) },
          {
            title: t('licenses.suspended'),
            numbers: true,
            cell: ({ suspended }) => (
              <Text span inherit {...(suspended > 0 && { c: 'red' })}>
                {numberText(suspended)}
              </Text>
            ),
          },
          { title: t('licenses.available'), numbers: true, cell: ({ available }) => limitText(available, t) },
          {
            title: '',
            cell: ({ resource }) => (
              <Button
                variant="subtle"
                size="compact-sm"
                onClick={() => setAsked(resource)}
                aria-label={`${t('common.why')} ${t(`resources.${resource}`)}`}
              >
                {t('common.why')}
              </Button>
            ),
          },
        ]}
      />
      {asked && <WhyWindow of={{ projectId, groupId, resource: asked, at }} onClose={() => setAsked(null)} />}
    </Paper>
  );
}

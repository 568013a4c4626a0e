import { Alert, Anchor, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { topOf, useHolds, useMe } from '../api/access.js';
import { api, must, Refused, type ItemOf } from '../api/client.js';
import { termText } from '../parts/dates.js';
import { unitsText } from '../parts/limit-text.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { LicenseChange, type LicenseAction } from './license-change.js';
import { IssueLicense } from './issue-license.js';
import { projectQuery } from './project-query.js';

type License = ItemOf<'/api/v1/projects/{p}/licenses'>;

/** A project: its licenses and what can be done with them, and the way to its groups. */
export function Project() {
  const { t } = useTranslation();
  const { projectId } = useParams({ from: '/inside/projects/$projectId' });
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const [isIssuing, setIsIssuing] = useState(false);
  const top = topOf(useMe(), projectId);
  const seesLicenses = useHolds('licenses:read') && top === projectId;
  const canIssue = useHolds('stock:issue', 'licenses:manage') && project.status === 'open';
  return (
    <Stack>
      <Group justify="space-between">
        <div>
          <Anchor component={Link} to="/projects" size="sm">
            {t('projects.title')}
          </Anchor>
          <Title order={1} size="h2">
            {project.name}
          </Title>
          <Text size="sm" c="dimmed">
            {t(`projects.${project.billingMode}`)} · {t('common.timeZone', { zone: project.timeZone })}
          </Text>
        </div>
        <Group gap="xs">
          <Button variant="default" component={Link} to={`/projects/${projectId}/groups/${top}/usage`}>
            {t('usage.open')}
          </Button>
          <Button component={Link} to={`/projects/${projectId}/groups/${top}`}>
            {t('projects.openGroups')}
          </Button>
        </Group>
      </Group>
      {project.status === 'closed' && <Alert color="gray">{t('projects.closed')}</Alert>}
      {seesLicenses ? (
        <>
          <Group justify="space-between">
            <Title order={2} size="h4">
              {t('projects.licenses')}
            </Title>
            {canIssue && <Button onClick={() => setIsIssuing(true)}>{t('projects.issue')}</Button>}
          </Group>
          <Licenses projectId={projectId} timeZone={project.timeZone} />
        </>
      ) : (
        <LicensesHidden />
      )}
      {isIssuing && <IssueLicense project={project} onClose={() => setIsIssuing(false)} />}
    </Stack>
  );
}

/** Somebody with a role in one building sees its groups, not the licenses of the project. */
function LicensesHidden() {
  const { t } = useTranslation();
  return <Text c="dimmed">{t('projects.licensesHidden')}</Text>;
}

/** A role elsewhere may look as if it included this project. */
function hiddenIfForbidden(error: unknown): null {
  if (error instanceof Refused && error.problem.code === 'FORBIDDEN') return null;
  throw error;
}

interface LicensesProps {
  readonly projectId: string;
  readonly timeZone: string;
}

function Licenses({ projectId, timeZone }: LicensesProps) {
  const { t, i18n } = useTranslation();
  const { data: licenses } = useSuspenseQuery({
    queryKey: ['licenses', projectId],
    queryFn: () =>
      must(api.GET('/api/v1/projects/{p}/licenses', { params: { path: { p: projectId } } })).catch(hiddenIfForbidden),
  });
  const [change, setChange] = useState<{ action: LicenseAction; licenseId: string } | null>(null);
  const canChange = useHolds('licenses:manage');
  if (licenses === null) return <LicensesHidden />;
  return (
    <>
      <Rows
        label={t('projects.licenses')}
        rows={licenses.items}
        keyOf={({ licenseId }) => licenseId ?? 'basic'}
        empty={t('projects.licensesEmpty')}
        minWidth={720}
        columns={[
          { title: t('common.type'), cell: ({ type }) => t(`licenseTypes.${type}`) },
          { title: t('projects.units'), cell: ({ units }) => unitsText(units, t) },
          {
            title: t('projects.term'),
            cell: ({ licenseId, validFrom, validUntil }) =>
              licenseId === null
                ? t('common.indefinite')
                : termText(validFrom, validUntil, timeZone, i18n.language, t('common.indefinite')),
          },
          { title: t('projects.source'), cell: ({ source }) => t(`projects.sources.${source.kind}`) },
          {
            title: t('common.status'),
            cell: ({ status, revokedReason, suspendedReason }) => (
              <>
                <StatusBadge status={status} />
                <Text size="xs" c="dimmed">
                  {revokedReason ?? suspendedReason}
                </Text>
              </>
            ),
          },
          {
            title: '',
            cell: (license) =>
              canChange && (
                <Group gap="xs" justify="end">
                  {actionsOf(license).map((action) => (
                    <RowButton
                      key={action}
                      of={`${t(`licenseTypes.${license.type}`)}, ${unitsText(license.units, t)}`}
                      onClick={() => setChange({ action, licenseId: license.licenseId! })}
                    >
                      {t(`projects.${action}`)}
                    </RowButton>
                  ))}
                </Group>
              ),
          },
        ]}
      />
      {change && <LicenseChange {...change} projectId={projectId} onClose={() => setChange(null)} />}
    </>
  );
}

/** Basic licenses come and go with their devices. */
function actionsOf({ licenseId, status }: License): readonly LicenseAction[] {
  if (licenseId === null || status === 'revoked') return [];
  if (status === 'suspended') return ['reinstate', 'revoke'];
  return status === 'expired' ? ['extend'] : ['extend', 'suspend', 'revoke'];
}

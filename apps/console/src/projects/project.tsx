import { Alert, Anchor, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { topOf, useHolds, useMe } from '../api/access.js';
import { api, must, Refused, type ItemOf } from '../api/client.js';
import { termText } from '../parts/dates.js';
import { unitsText } from '../parts/limit-text.js';
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
  const { data: licenses } = useSuspenseQuery({
    queryKey: ['licenses', projectId],
    queryFn: () =>
      must(api.GET('/api/v1/projects/{p}/licenses', { params: { path: { p: projectId } } })).catch(hiddenIfForbidden),
  });
  const [isIssuing, setIsIssuing] = useState(false);
  const top = topOf(useMe(), projectId);
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
      {licenses !== null && (
        <>
          <Group justify="space-between">
            <Title order={2} size="h4">
              {t('projects.licenses')}
            </Title>
            {canIssue && <Button onClick={() => setIsIssuing(true)}>{t('projects.issue')}</Button>}
          </Group>
          {licenses.items.length === 0 ? (
            <Text c="dimmed">{t('projects.licensesEmpty')}</Text>
          ) : (
            <Licenses licenses={licenses.items} projectId={projectId} timeZone={project.timeZone} />
          )}
        </>
      )}
      {isIssuing && <IssueLicense project={project} onClose={() => setIsIssuing(false)} />}
    </Stack>
  );
}

/** Somebody with a role in one building sees its groups, not the licenses of the project. */
function hiddenIfForbidden(error: unknown): null {
  if (error instanceof Refused && error.problem.code === 'FORBIDDEN') return null;
  throw error;
}

interface LicensesProps {
  readonly licenses: readonly License[];
  readonly projectId: string;
  readonly timeZone: string;
}

function Licenses({ licenses, projectId, timeZone }: LicensesProps) {
  const { t, i18n } = useTranslation();
  const [change, setChange] = useState<{ action: LicenseAction; licenseId: string } | null>(null);
  const canChange = useHolds('licenses:manage');
  return (
    <Table.ScrollContainer minWidth={720}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('common.type')}</Table.Th>
            <Table.Th>{t('projects.units')}</Table.Th>
            <Table.Th>{t('projects.term')}</Table.Th>
            <Table.Th>{t('projects.source')}</Table.Th>
            <Table.Th>{t('common.status')}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {licenses.map((license) => (
            <Table.Tr key={license.licenseId ?? 'basic'}>
              <Table.Td>{t(`licenseTypes.${license.type}`)}</Table.Td>
              <Table.Td>{unitsText(license.units, t)}</Table.Td>
              <Table.Td>
                {license.licenseId === null
                  ? t('common.indefinite')
                  : termText(license.validFrom, license.validUntil, timeZone, i18n.language, t('common.indefinite'))}
              </Table.Td>
              <Table.Td>{t(`projects.sources.${license.source.kind}`)}</Table.Td>
              <Table.Td>
                <StatusBadge status={license.status} />
                <Text size="xs" c="dimmed">
                  {license.revokedReason ?? license.suspendedReason}
                </Text>
              </Table.Td>
              <Table.Td>
                <Group gap="xs" justify="end">
                  {(canChange ? actionsOf(license) : []).map((action) => (
                    <Button
                      key={action}
                      variant="default"
                      size="compact-sm"
                      onClick={() => setChange({ action, licenseId: license.licenseId! })}
                    >
                      {t(`projects.${action}`)}
                    </Button>
                  ))}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {change && <LicenseChange {...change} projectId={projectId} onClose={() => setChange(null)} />}
    </Table.ScrollContainer>
  );
}

/** Basic licenses come and go with their devices. */
function actionsOf({ licenseId, status }: License): readonly LicenseAction[] {
  if (licenseId === null || status === 'revoked') return [];
  if (status === 'suspended') return ['reinstate', 'revoke'];
  return status === 'expired' ? ['extend'] : ['extend', 'suspend', 'revoke'];
}

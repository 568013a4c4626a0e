import { Alert, Badge, Group, List, Loader, Modal, Stack, Text, Timeline } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import { limitText, type Resource } from '../parts/limit-text.js';
import { ProblemText } from '../parts/problem-text.js';

type Explanation = AnswerOf<'/api/v1/projects/{p}/groups/{g}/quota/why'>;
type Level = Explanation['levels'][number];

interface WhyProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly timeZone: string;
  readonly at: string | undefined;
  readonly resource: Resource;
  readonly onClose: () => void;
}

/** The path from the project down to the group, with the level that binds, and what would make room. */
export function Why({ projectId, groupId, timeZone, at, resource, onClose }: WhyProps) {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['why', projectId, groupId, resource, at],
    queryFn: () => {
      const query = { resource, ...(at !== undefined && { at }) };
      const params = { path: { p: projectId, g: groupId }, query };
      return must(api.GET('/api/v1/projects/{p}/groups/{g}/quota/why', { params }));
    },
  });
  const title =
    data === undefined
      ? t('licenses.why')
      : t('why.title', { available: limitText(data.quota.available, t), resource: t(`counted.${resource}`) });
  return (
    <Modal opened onClose={onClose} size="lg" title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      {error !== null && (
        <Alert color="red">
          <ProblemText error={error} />
        </Alert>
      )}
      {data === undefined && error === null && <Loader aria-label={t('common.loading')} />}
      {data && <Path explanation={data} resource={resource} timeZone={timeZone} />}
    </Modal>
  );
}

interface PathProps {
  readonly explanation: Explanation;
  readonly resource: Resource;
  readonly timeZone: string;
}

function Path({ explanation: { levels, toChange }, resource, timeZone }: PathProps) {
  const { t } = useTranslation();
  const fromTheTop = [...levels].reverse();
  const binding = fromTheTop.findIndex(({ isBinding }) => isBinding);
  return (
    <Stack>
      <Timeline active={binding} bulletSize={16}>
        {fromTheTop.map((level) => (
          <Timeline.Item
            key={level.groupId ?? 'project'}
            title={
              <Group gap="xs">
                <Text>{level.groupId === null ? t('common.projectLicenses') : level.name}</Text>
                {level.isBinding && <Badge tt="none">{t('why.binding')}</Badge>}
              </Group>
            }
          >
            <LevelText level={level} timeZone={timeZone} />
          </Timeline.Item>
        ))}
      </Timeline>
      {toChange.length > 0 && (
        <div>
          <Text fw={600}>{t('why.toChange')}</Text>
          <List>
            {toChange.map((change) => (
              <List.Item key={JSON.stringify(change)}>{changeText(change, resource, t)}</List.Item>
            ))}
          </List>
        </div>
      )}
    </Stack>
  );
}

function LevelText({
  level: { limit, isRestricted, groupId, consumed, event },
  timeZone,
}: {
  readonly level: Level;
  readonly timeZone: string;
}) {
  const { t, i18n } = useTranslation();
  const isFree = groupId !== null && !isRestricted;
  return (
    <>
      <Text size="sm">
        {isFree ? t('why.notRestricted') : t('why.ofLimit', { consumed: consumed ?? '…', limit: limitText(limit, t) })}
      </Text>
      {event && (
        <Text size="xs" c="dimmed">
          {t('why.setBy', { actor: event.actor ?? '…', at: instantText(event.at, timeZone, i18n.language) })}
        </Text>
      )}
    </>
  );
}

function changeText(change: Explanation['toChange'][number], resource: Resource, t: TFunction): string {
  const name = 'name' in change && change.name !== undefined ? change.name : t('common.projectLicenses');
  return t(`why.changes.${change.kind}`, { name, count: change.units[resource] ?? undefined });
}

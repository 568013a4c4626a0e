import { Alert, Anchor, Breadcrumbs, Button, Group, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { instantText } from '../parts/dates.js';
import { projectQuery } from '../projects/project-query.js';
import { GROUP_TABS, type GroupTab } from '../address.js';
import { groupQuery } from './group-query.js';
import { AddGroup, GroupActions } from './group-actions.js';
import { Compare } from './compare.js';
import { CreatedNotice, useCreated } from './created.js';
import { FoundGroups } from './found-groups.js';
import { InstantPicker } from './instant-picker.js';
import { Limits } from './limits.js';
import { PanelBoundary } from './panel-boundary.js';
import { StateFilter } from './state-filter.js';
import { Tree } from './tree.js';
import { TREE_STATES } from './tree-query.js';

export interface PanelProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly timeZone: string;
}

const PANELS = {
  licenses: lazy(async () => ({ default: (await import('./licenses/licenses-panel.js')).LicensesPanel })),
  use: lazy(async () => ({ default: (await import('./use-panel.js')).UsePanel })),
  members: lazy(async () => ({ default: (await import('./members-panel.js')).MembersPanel })),
  devices: lazy(async () => ({ default: (await import('./devices-panel.js')).DevicesPanel })),
  history: lazy(async () => ({ default: (await import('./history-panel.js')).HistoryPanel })),
};

/** A table, on a telephone a card for each resource. */
const LIMITS_HEIGHT = { base: 623, xs: 266 };

/** The tree of a project on one side, the selected group on the other. */
export function ObjectGroups() {
  const { t } = useTranslation();
  const { projectId, groupId } = useParams({ from: '/inside/projects/$projectId/groups/$groupId' });
  const { at, compare } = useSearch({ from: '/inside/projects/$projectId/groups/$groupId' });
  const navigate = useNavigate();
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: group } = useSuspenseQuery(groupQuery(projectId, groupId));
  const [isAdding, adding] = useDisclosure(false);
  const select = (next: string) =>
    void navigate({
      to: '/projects/$projectId/groups/$groupId',
      params: { projectId, groupId: next },
      search: (before) => before,
    });
  // In the address, so that it can be sent to somebody.
  const show = (change: { at?: string; compare?: string }) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...change }) });
  const created = useCreated(projectId, groupId);
  // With what was just generated below it in sight.
  const open = group.path.map((each) => each.groupId).filter((each) => each !== groupId || created !== null);
  return (
    <Group align="start" wrap="wrap" gap="md">
      <Paper withBorder p="xs" className="tree-frame">
        <Stack h="100%" gap="xs">
          <Group justify="space-between" gap="xs">
            <Anchor component={Link} to={`/projects/${projectId}`} size="sm">
              {project.name}
            </Anchor>
            <Button size="compact-sm" variant="default" onClick={adding.open} disabled={at !== undefined}>
              {t('groups.addGroup')}
            </Button>
          </Group>
          <Groups projectId={projectId} timeZone={project.timeZone} selected={groupId} open={open} onSelect={select} />
          <InstantPicker
            timeZone={project.timeZone}
            label={t('history.slider')}
            at={at}
            onShow={(instant) => show({ at: instant })}
          />
        </Stack>
      </Paper>
      <Stack style={{ flex: '2 1 480px', minWidth: 0 }}>
        <Group justify="space-between" align="start">
          <div>
            <Breadcrumbs>
              {group.path.slice(0, -1).map((each) => (
                <Anchor
                  key={each.groupId}
                  size="sm"
                  onClick={() => select(each.groupId)}
                  component="button"
                  type="button"
                >
                  {each.name}
                </Anchor>
              ))}
            </Breadcrumbs>
            <Title order={1} size="h2">
              {group.name}
            </Title>
            <Text size="sm" c="dimmed">
              {t(`types.${group.type}`)} · {t('common.timeZone', { zone: project.timeZone })}
            </Text>
          </div>
          <Group gap="xs">
            <Button variant="default" component={Link} to={`/projects/${projectId}/groups/${groupId}/usage`}>
              {t('usage.open')}
            </Button>
            {at === undefined && <GroupActions projectId={projectId} group={group} />}
          </Group>
        </Group>
        {at === undefined && created !== null && (
          <CreatedNotice projectId={projectId} parentId={groupId} created={created} />
        )}
        {at !== undefined && <PastNotice at={at} timeZone={project.timeZone} />}
        {at !== undefined && (
          <InstantPicker
            timeZone={project.timeZone}
            label={t('compare.with')}
            at={compare}
            onShow={(instant) => show({ compare: instant })}
          />
        )}
        {at !== undefined && compare !== undefined && (
          <Compare {...{ projectId, groupId, at, compare }} timeZone={project.timeZone} />
        )}
        <PanelBoundary key={`limits ${groupId}`} height={LIMITS_HEIGHT}>
          <Limits projectId={projectId} groupId={groupId} at={at} />
        </PanelBoundary>
        {at === undefined && <Panels projectId={projectId} groupId={groupId} timeZone={project.timeZone} />}
      </Stack>
      {isAdding && <AddGroup projectId={projectId} parent={group} onClose={adding.close} />}
    </Group>
  );
}

interface GroupsProps {
  readonly projectId: string;
  readonly timeZone: string;
  readonly selected: string;
  /** Expanded in the tree at the beginning. */
  readonly open: readonly string[];
  readonly onSelect: (groupId: string) => void;
}

/** The tree, or the groups in the states that are chosen above it. */
function Groups({ projectId, timeZone, selected, open, onSelect }: GroupsProps) {
  const { at, state } = useSearch({ from: '/inside/projects/$projectId/groups/$groupId' });
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const states = TREE_STATES.filter((each) => state?.split(',').includes(each));
  const filter = (next: readonly string[]) =>
    void navigate({
      search: ({ state: _state, ...others }) => ({ ...others, ...(next.length > 0 && { state: next.join() }) }),
    });
  const shared = { projectId, at, selected, onSelect };
  return (
    <>
      <StateFilter states={states} onChange={filter} />
      <div style={{ flex: 1, minHeight: 0 }}>
        {states.length === 0 ? (
          <Tree key={`${projectId} ${at}`} {...shared} above={open} />
        ) : (
          <FoundGroups
            key={`${projectId} ${at} ${state}`}
            {...shared}
            timeZone={timeZone}
            states={states}
            onShowAll={() => filter([])}
          />
        )}
      </div>
    </>
  );
}

function PastNotice({ at, timeZone }: { readonly at: string; readonly timeZone: string }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  return (
    <Alert color="blue" role="status">
      <Group justify="space-between">
        <Text size="sm">{t('history.past', { at: `${instantText(at, timeZone, i18n.language)} (${timeZone})` })}</Text>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => void navigate({ search: ({ at: _at, compare: _compare, ...others }) => others })}
        >
          {t('history.backToNow')}
        </Button>
      </Group>
    </Alert>
  );
}

function Panels(props: PanelProps) {
  const { t } = useTranslation();
  const { tab = 'licenses' } = useSearch({ from: '/inside/projects/$projectId/groups/$groupId' });
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const Panel = PANELS[tab];
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next as GroupTab }) })}
    >
      <Tabs.List>
        {GROUP_TABS.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t(`groups.tabs.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} pt="md">
        <PanelBoundary key={`${tab} ${props.groupId}`}>
          <Panel {...props} />
        </PanelBoundary>
      </Tabs.Panel>
    </Tabs>
  );
}

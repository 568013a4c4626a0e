import { Alert, Anchor, Badge, Button, Group, List, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type AnswerOf } from '../api/client.js';
import { instantText, lastDayText, termText } from '../parts/dates.js';
import { countedText, limitText, numberText, type Resource } from '../parts/limit-text.js';
import { ProblemText } from '../parts/problem-text.js';
import { StatusBadge } from '../parts/status-badge.js';
import { projectQuery } from '../projects/project-query.js';
import type { Question } from './why-window.js';
import classes from './why.module.css';

type Explanation = AnswerOf<'/api/v1/projects/{p}/groups/{g}/quota/why'>;
type Level = Explanation['levels'][number];
type Term = Level['terms'][number];
type Change = Explanation['toChange'][number];
type SettingEvent = NonNullable<Level['event']>;

/** Events that one page of the history can be asked for. */
const MAX_SHOWN_EVENTS = 12;

interface WhyProps {
  readonly of: Question;
  /** Somebody follows a link to another page. */
  readonly onLeave: () => void;
  readonly children?: ReactNode;
}

interface Surroundings {
  readonly projectId: string;
  readonly resource: Resource;
  readonly timeZone: string;
  readonly onLeave: () => void;
}

/** The path from the project down to the group, with the level that binds, and what would make room. */
export function Why({ of: { projectId, groupId, resource, at }, onLeave, children }: WhyProps) {
  const { t } = useTranslation();
  const project = useQuery(projectQuery(projectId));
  const { data, error } = useQuery({
    queryKey: ['why', projectId, groupId, resource, at],
    queryFn: () => {
      const query = { resource, ...(at !== undefined && { at }) };
      const params = { path: { p: projectId, g: groupId }, query };
      return must(api.GET('/api/v1/projects/{p}/groups/{g}/quota/why', { params }));
    },
  });
  const failure = error ?? project.error;
  if (failure !== null)
    return (
      <Alert color="red">
        <ProblemText error={failure} />
      </Alert>
    );
  if (data === undefined || project.data === undefined) return <Loader aria-label={t('common.loading')} />;
  return (
    <Explained explanation={data} {...{ projectId, resource, onLeave }} timeZone={project.data.timeZone}>
      {children}
    </Explained>
  );
}

type ExplainedProps = Surroundings & { readonly explanation: Explanation; readonly children?: ReactNode };

function Explained({ explanation, children, ...around }: ExplainedProps) {
  const { t } = useTranslation();
  const { levels, quota, suspended } = explanation;
  const group = levels[0]!.name;
  const { available } = quota;
  const counted = countedText(around.resource, available, t);
  return (
    <Stack>
      <Title order={2} size="h4">
        {t('why.title', { count: available ?? 2, available: limitText(available, t), resource: counted, group })}
      </Title>
      <Path explanation={explanation} group={group} {...around} />
      {suspended.total > 0 && <Text>{t('why.suspendedUnits', { count: suspended.total, group })}</Text>}
      <Changes explanation={explanation} {...around} />
      {children !== undefined && (
        <section aria-label={t('why.instead')}>
          <Text fw={600}>{t('why.instead')}</Text>
          {children}
        </section>
      )}
      <ProofText explanation={explanation} {...around} />
    </Stack>
  );
}

/** Each level as a bar; the narrower it is, the less it permits. */
function Path({ explanation, group, ...around }: ExplainedProps & { readonly group: string }) {
  const { t } = useTranslation();
  const fromTheTop = [...explanation.levels].reverse();
  const widest = Math.max(1, ...fromTheTop.flatMap(({ limit, consumed }) => [limit ?? 0, consumed ?? 0]));
  return (
    <ol className={classes.path} aria-label={t('why.path', { group })}>
      {fromTheTop.map((level) => (
        <li key={level.groupId ?? 'project'} className={classes.level} data-binding={level.isBinding || undefined}>
          <Paper withBorder p="sm">
            <Group gap="xs" mb={4}>
              <Text fw={600} className={classes.name}>
                {level.groupId === null ? t('why.capacity', { name: level.name }) : level.name}
              </Text>
              {level.isBinding && (
                <Badge tt="none" color="orange" variant="outline" className={classes.badge}>
                  <span aria-hidden>▶ </span>
                  {t('why.binding')}
                </Badge>
              )}
            </Group>
            <Bar level={level} widest={widest} />
            <Figures level={level} />
            <Terms level={level} {...around} />
            {level.event && <SetBy event={level.event} groupId={level.groupId} {...around} />}
          </Paper>
        </li>
      ))}
    </ol>
  );
}

/** Says what the figures beside it say, for the eye. */
function Bar({ level: { limit, consumed, isRestricted }, widest }: { readonly level: Level; readonly widest: number }) {
  const share = (units: number | null): number => ((units ?? widest) / widest) * 100;
  return (
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" className={classes.bar} aria-hidden>
      <rect
        x="0"
        y="1"
        width={share(isRestricted ? limit : null)}
        height="8"
        className={isRestricted && limit !== null ? classes.limit : classes.open}
      />
      <rect x="0" y="1" width={share(consumed ?? 0)} height="8" className={classes.used} />
    </svg>
  );
}

const hasLeft = ({ isRestricted, limit, consumed }: Level): boolean =>
  isRestricted && limit !== null && consumed !== null;

function Figures({ level }: { readonly level: Level }) {
  const { t } = useTranslation();
  const { groupId, limit, isRestricted, consumed, suspended, left, unreserved } = level;
  const figure = (value: number | null): string => (value === null ? t('why.hidden') : numberText(value));
  const isOpen = !isRestricted && groupId !== null;
  return (
    <>
      <dl className={classes.figures}>
        {!isOpen && <Figure label={t('why.limit')} value={limitText(limit, t)} />}
        <Figure label={t('why.consumed')} value={figure(consumed)} />
        {hasLeft(level) && <Figure label={t('why.left')} value={figure(left)} />}
        {unreserved !== null && <Figure label={t('why.unreserved')} value={figure(unreserved)} />}
        {suspended !== null && suspended > 0 && <Figure label={t('why.suspended')} value={figure(suspended)} />}
      </dl>
      {isOpen && (
        <Text size="sm" c="dimmed">
          {t('why.notRestricted')}
        </Text>
      )}
    </>
  );
}

const Figure = ({ label, value }: { readonly label: string; readonly value: string }) => (
  <div>
    <dt>{label}</dt>
    <dd>{value}</dd>
  </div>
);

function Terms({ level: { terms, limit, isRestricted }, timeZone }: Surroundings & { readonly level: Level }) {
  const { t } = useTranslation();
  const isNothing = isRestricted && limit === 0 && !terms.some(({ status }) => status === 'active');
  return (
    <>
      {terms.length > 0 && (
        <ul className={classes.terms} aria-label={t('why.terms')}>
          {terms.map((term) => (
            <li key={term.id ?? 'devices'}>
              <TermText term={term} timeZone={timeZone} />
            </li>
          ))}
        </ul>
      )}
      {isNothing && <Text size="sm">{t('why.disabledNow')}</Text>}
    </>
  );
}

function TermText({ term, timeZone }: { readonly term: Term; readonly timeZone: string }) {
  const { t, i18n } = useTranslation();
  const { id, type, limit, validFrom, validUntil, status, suspended } = term;
  const name = id === null ? t('why.devices') : t(`licenseTypes.${type}`);
  return (
    <>
      <Group gap="xs">
        <Text size="sm">
          {t('why.term', { type: name, limit: limitText(limit, t), term: periodText(validFrom, validUntil) })}
        </Text>
        <StatusBadge status={status} />
      </Group>
      {suspended && (
        <Text size="sm">
          {t('why.suspendedSince', {
            at: instantText(suspended.since, timeZone, i18n.language),
            reason: suspended.reason,
          })}
        </Text>
      )}
    </>
  );

  function periodText(from: string | null, until: string | null): string {
    if (from !== null) return termText(from, until, timeZone, i18n.language, t('common.indefinite'));
    if (until === null) return t('why.anyTime');
    return `– ${lastDayText(until, timeZone, i18n.language)}`;
  }
}

interface SetByProps extends Surroundings {
  readonly event: SettingEvent;
  readonly groupId: string | null;
}

/** Who set the Licenses section of a level, with the event in its history. */
function SetBy({ event, groupId, projectId, timeZone, onLeave }: SetByProps) {
  const { t, i18n } = useTranslation();
  const at = instantText(event.at, timeZone, i18n.language);
  return (
    <Text size="xs" c="dimmed" mt={4}>
      {event.actor === null ? t('why.setOn', { at }) : t('why.setBy', { actor: event.actor, at })}{' '}
      <HistoryLink {...{ projectId, onLeave }} groupId={groupId ?? projectId} events={[event.id]}>
        {t('why.showEvent')}
      </HistoryLink>
    </Text>
  );
}

interface HistoryLinkProps extends Pick<Surroundings, 'projectId' | 'onLeave'> {
  readonly groupId: string;
  readonly events: readonly string[];
  readonly children: string;
}

function HistoryLink({ projectId, groupId, events, onLeave, children }: HistoryLinkProps) {
  if (!useHolds('history:read')) return null;
  return (
    <Anchor
      component={Link}
      size="sm"
      to="/projects/$projectId/groups/$groupId"
      params={{ projectId, groupId } as never}
      search={{ tab: 'history', events: events.join(',') } as never}
      onClick={onLeave}
    >
      {children}
    </Anchor>
  );
}

/** One sentence for each change, with the page where it is made. */
function Changes({ explanation: { toChange, quota }, projectId, resource, onLeave }: ExplainedProps) {
  const { t } = useTranslation();
  if (toChange.length === 0)
    return quota.available === null || quota.available > 0 ? <Text>{t('why.fits')}</Text> : null;
  return (
    <section aria-label={t('why.toChange')}>
      <Text fw={600}>{t('why.toChange')}</Text>
      <List>
        {toChange.map((change) => (
          <List.Item key={JSON.stringify(change)}>
            {changeText(change, resource, t)}{' '}
            <Button
              component={Link}
              size="compact-xs"
              variant="default"
              className={classes.there}
              onClick={onLeave}
              {...placeOf(change, projectId)}
            >
              {'groupId' in change && change.groupId !== undefined
                ? t('why.openGroup', { name: change.name })
                : t('why.openProject')}
            </Button>
          </List.Item>
        ))}
      </List>
    </section>
  );
}

const placeOf = (change: Change, projectId: string) =>
  'groupId' in change && change.groupId !== undefined
    ? { to: `/projects/${projectId}/groups/${change.groupId}`, search: { tab: 'licenses' } as never }
    : { to: `/projects/${projectId}` };

function changeText(change: Change, resource: Resource, t: TFunction): string {
  const name = 'name' in change && change.name !== undefined ? change.name : t('common.projectLicenses');
  return t(`why.changes.${change.kind}`, { name, count: change.units[resource] ?? undefined });
}

function ProofText({ explanation: { proof, groupId }, projectId, onLeave }: ExplainedProps) {
  const { t } = useTranslation();
  if (proof.events.length === 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {t('why.proof', { count: proof.events.length })} {!proof.isComplete && `${t('why.incomplete')} `}
      <HistoryLink {...{ projectId, groupId, onLeave }} events={proof.events.slice(0, MAX_SHOWN_EVENTS)}>
        {t('why.showProof')}
      </HistoryLink>
    </Text>
  );
}

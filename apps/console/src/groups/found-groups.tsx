import { Alert, Button, Stack, Text, UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { lastDayText } from '../parts/dates.js';
import { ProblemText } from '../parts/problem-text.js';
import { LoadingRow, stepOf, UseOf } from './tree.js';
import { useTreeRows, type TreeRow, type TreeState } from './tree-query.js';
import { WhyWindow } from './why-window.js';

const ROW_PX = 68;
const OVERSCAN = 5;

interface FoundGroupsProps {
  readonly projectId: string;
  readonly timeZone: string;
  readonly at: string | undefined;
  readonly states: readonly TreeState[];
  readonly selected: string;
  readonly onSelect: (groupId: string) => void;
  /** Back to the tree. */
  readonly onShowAll: () => void;
}

/** The groups in some states, wherever they are in the tree; the browser holds those around the ones in sight. */
export function FoundGroups(props: FoundGroupsProps) {
  const { projectId, timeZone, at, states, selected, onSelect, onShowAll } = props;
  const { t } = useTranslation();
  const id = useId();
  const [active, setActive] = useState(0);
  const [asked, setAsked] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  // How many there are is known after the first rows, which are asked for by those in sight.
  const [count, setCount] = useState(1);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const inSight = rows.getVirtualItems();
  const indexes = inSight.map(({ index }) => index);
  const { total, rowAt, error } = useTreeRows(
    { projectId, shown: { states }, at },
    indexes[0] ?? 0,
    indexes.at(-1) ?? 0,
  );
  if (total !== null && total !== count) setCount(total);

  const moveTo = (index: number): void => {
    const next = Math.max(0, Math.min(count - 1, index));
    setActive(next);
    rows.scrollToIndex(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = stepOf(event.key, active, count);
    const act = next === undefined ? actionOf(event.key) : undefined;
    if (next === undefined && act === undefined) return;
    event.preventDefault();
    const row = rowAt(active);
    if (next !== undefined) moveTo(next);
    else if (row !== undefined) (act === 'why' ? setAsked : onSelect)(row.groupId);
  };

  if (error !== null)
    return (
      <Alert color="red">
        <ProblemText error={error} />
      </Alert>
    );
  if (total === 0) return <NothingFound states={states} onShowAll={onShowAll} />;
  return (
    <Stack h="100%" gap={4}>
      <Text size="xs" c="dimmed" role="status">
        {total === null ? t('common.loading') : t('found.count', { count: total })}
      </Text>
      <div
        ref={scroller}
        className="tree"
        role="grid"
        aria-label={t('found.list')}
        aria-rowcount={count}
        aria-activedescendant={`${id}-${active}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {inSight.map(({ index, start }) => (
            <FoundRow
              key={index}
              id={`${id}-${index}`}
              index={index}
              top={start}
              row={rowAt(index)}
              timeZone={timeZone}
              isSelected={rowAt(index)?.groupId === selected}
              isActive={index === active}
              onAsk={setAsked}
              onSelect={(groupId) => {
                setActive(index);
                onSelect(groupId);
              }}
            />
          ))}
        </div>
      </div>
      {asked !== null && (
        <WhyWindow of={{ projectId, groupId: asked, resource: 'sip_number', at }} onClose={() => setAsked(null)} />
      )}
    </Stack>
  );
}

const actionOf = (key: string): 'select' | 'why' | undefined => {
  if (key === '?') return 'why';
  return key === 'Enter' || key === ' ' ? 'select' : undefined;
};

/** What was looked for, and the way back. */
function NothingFound({ states, onShowAll }: Pick<FoundGroupsProps, 'states' | 'onShowAll'>) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" align="start" role="status">
      <Text size="sm">{t('found.none')}</Text>
      <Text size="sm" c="dimmed">
        {states.map((state) => t(`found.meaning.${state}`)).join(' ')}
      </Text>
      <Button size="compact-sm" variant="default" onClick={onShowAll}>
        {t('found.showAll')}
      </Button>
    </Stack>
  );
}

interface FoundRowProps {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly row: TreeRow | undefined;
  readonly timeZone: string;
  readonly isSelected: boolean;
  readonly isActive: boolean;
  readonly onAsk: (groupId: string) => void;
  readonly onSelect: (groupId: string) => void;
}

/** A group, where it is, and why it was found. */
function FoundRow({ id, index, top, row, timeZone, isSelected, isActive, onAsk, onSelect }: FoundRowProps) {
  const { t, i18n } = useTranslation();
  const place = { transform: `translateY(${top}px)`, height: ROW_PX };
  if (row?.found === undefined) return <LoadingRow id={id} index={index} style={place} />;
  const { groupId, name, found } = row;
  const reason = (state: TreeState): string =>
    state === 'ending_soon' && found.endsAt !== null
      ? t('found.endsOn', { date: lastDayText(found.endsAt, timeZone, i18n.language) })
      : t(`found.states.${state}`);
  return (
    <div
      id={id}
      role="row"
      className="tree-row"
      style={{ ...place, outline: isActive ? undefined : 'none' }}
      data-active={isActive || undefined}
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      onClick={() => onSelect(groupId)}
    >
      <div role="gridcell" className="tree-name">
        <Text size="sm" truncate>
          {name}
        </Text>
        {found.above.length > 0 && (
          <Text size="xs" c="dimmed" truncate title={found.above.map((each) => each.name).join(' / ')}>
            {found.above.map((each) => each.name).join(' / ')}
          </Text>
        )}
        <Text size="xs" truncate>
          {found.states.map(reason).join(' · ')}
        </Text>
      </div>
      <div role="gridcell" className="tree-use">
        <UnstyledButton
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            onAsk(groupId);
          }}
        >
          <UseOf row={row} />
        </UnstyledButton>
      </div>
    </div>
  );
}

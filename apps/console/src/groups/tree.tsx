import { ActionIcon, Alert, Skeleton, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useId, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { limitText, numberText } from '../parts/limit-text.js';
import { ProblemText } from '../parts/problem-text.js';
import { MAX_EXPANDED, useIndexOf, useTreeRows, type TreeRow, type TreeView } from './tree-query.js';
import { WhyWindow } from './why-window.js';

const ROW_PX = 40;
const OVERSCAN = 8;

interface TreeProps {
  readonly projectId: string;
  readonly at: string | undefined;
  readonly selected: string;
  /** The groups above the selected one, which are expanded at the beginning; with itself, it is expanded too. */
  readonly above: readonly string[];
  readonly onSelect: (groupId: string) => void;
}

/** The groups of a project as a treegrid; the browser holds the rows around those in sight, however many there are. */
export function Tree({ projectId, at, selected, above, onSelect }: TreeProps) {
  const { t } = useTranslation();
  const id = useId();
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set([projectId, ...above]));
  const [active, setActive] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const [count, setCount] = useState(1);
  const [asked, setAsked] = useState<string | null>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const inSight = rows.getVirtualItems();
  const view: TreeView = { projectId, shown: { expanded }, at };
  const { total, rowAt, error } = useTreeRows(view, inSight[0]?.index ?? 0, inSight.at(-1)?.index ?? 0);
  const indexOf = useIndexOf(view);
  const [shown, target] = [useRef<string | null>(null), useRef<number | null>(null)];
  useEffect(() => {
    if (total !== null) setCount(total);
  }, [total]);
  useEffect(() => {
    if (target.current === null || target.current >= count) return;
    rows.scrollToIndex(target.current);
    target.current = null;
  }, [count, rows, target]);

  const path = above.join();
  useEffect(() => {
    const ids = path === '' ? [] : path.split(',');
    setExpanded((before) => (ids.every((id) => before.has(id)) ? before : bounded([...before, ...ids])));
  }, [path]);
  // The selected group is brought in sight once, wherever the person came from; what they open and close later stays.
  useEffect(() => {
    if (shown.current === selected || !above.every((id) => expanded.has(id))) return;
    shown.current = selected;
    if (rowAt(active)?.groupId === selected) return;
    void indexOf(selected).then((index) => {
      if (index === null) return;
      setActive(index);
      if (index < rows.options.count) rows.scrollToIndex(index);
      else target.current = index;
    });
  });

  const toggle = useCallback((groupId: string, isOpen: boolean) => {
    setExpanded((before) => bounded(isOpen ? [...before, groupId] : [...before].filter((id) => id !== groupId)));
  }, []);

  const moveTo = (index: number): void => {
    const next = Math.max(0, Math.min(count - 1, index));
    setActive(next);
    rows.scrollToIndex(next);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rowAt(active);
    const move = targetOf(event.key, { active, count, row, expanded });
    if (move === null) return;
    event.preventDefault();
    if (move.kind === 'move') moveTo(move.index);
    else if (move.kind === 'find') void indexOf(move.groupId).then((index) => index !== null && moveTo(index));
    else if (move.kind === 'toggle') toggle(move.groupId, move.isOpen);
    else if (move.kind === 'why') setAsked(move.groupId);
    else onSelect(move.groupId);
  };

  if (error !== null)
    return (
      <Alert color="red">
        <ProblemText error={error} />
      </Alert>
    );
  return (
    <>
      <VisuallyHidden aria-live="polite">{total !== null && t('groups.rows', { count: total })}</VisuallyHidden>
      <div
        ref={scroller}
        className="tree"
        role="treegrid"
        aria-label={t('groups.tree')}
        aria-rowcount={count}
        aria-activedescendant={`${id}-${active}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {inSight.map(({ index, start }) => (
            <Row
              key={index}
              id={`${id}-${index}`}
              index={index}
              top={start}
              row={rowAt(index)}
              isSelected={rowAt(index)?.groupId === selected}
              isActive={index === active}
              isExpanded={expanded.has(rowAt(index)?.groupId ?? '')}
              onToggle={toggle}
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
    </>
  );
}

type Move =
  | { readonly kind: 'move'; readonly index: number }
  | { readonly kind: 'toggle'; readonly groupId: string; readonly isOpen: boolean }
  /** To a group whose row may not be loaded. */
  | { readonly kind: 'find' | 'select' | 'why'; readonly groupId: string };

interface Position {
  readonly active: number;
  readonly count: number;
  readonly row: TreeRow | undefined;
  readonly expanded: ReadonlySet<string>;
}

const PAGE_ROWS = 10;

/** The row that a key moves to, which may be beyond the first or the last. */
export const stepOf = (key: string, active: number, count: number): number | undefined => {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + PAGE_ROWS,
    PageUp: active - PAGE_ROWS,
    Home: 0,
    End: count - 1,
  };
  return steps[key];
};

/** The effect of a key in a treegrid (WAI-ARIA Authoring Practices). */
function targetOf(key: string, { active, count, row, expanded }: Position): Move | null {
  const index = stepOf(key, active, count);
  if (index !== undefined) return { kind: 'move', index };
  if (row === undefined) return null;
  const { groupId, childCount } = row;
  const isOpen = expanded.has(groupId);
  switch (key) {
    case 'ArrowRight':
      if (childCount === 0) return null;
      return isOpen ? { kind: 'move', index: active + 1 } : { kind: 'toggle', groupId, isOpen: true };
    case 'ArrowLeft':
      if (isOpen && childCount > 0) return { kind: 'toggle', groupId, isOpen: false };
      return row.parentId === null ? null : { kind: 'find', groupId: row.parentId };
    case 'Enter':
    case ' ':
      return { kind: 'select', groupId };
    case '?':
      return { kind: 'why', groupId };
    default:
      return null;
  }
}

/** The groups opened last, as many as one request can name. */
const bounded = (expanded: readonly string[]): ReadonlySet<string> => new Set(expanded.slice(-MAX_EXPANDED));

interface RowProps {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly row: TreeRow | undefined;
  readonly isSelected: boolean;
  readonly isActive: boolean;
  readonly isExpanded: boolean;
  readonly onToggle: (groupId: string, isOpen: boolean) => void;
  /** Why the group has as many as it has. */
  readonly onAsk: (groupId: string) => void;
  readonly onSelect: (groupId: string) => void;
}

interface LoadingRowProps extends Pick<RowProps, 'id' | 'index'> {
  readonly style: CSSProperties;
}

/** The place of a row that has not arrived. */
export function LoadingRow({ id, index, style }: LoadingRowProps) {
  return (
    <div id={id} role="row" className="tree-row" style={style} aria-rowindex={index + 1}>
      <div role="gridcell" style={{ flex: 1 }}>
        <Skeleton height={12} />
      </div>
    </div>
  );
}

function Row({ id, index, top, row, isSelected, isActive, isExpanded, onToggle, onAsk, onSelect }: RowProps) {
  const { t } = useTranslation();
  const place = { transform: `translateY(${top}px)` };
  if (row === undefined) return <LoadingRow id={id} index={index} style={place} />;
  const { groupId, name, level, positionInSet, setSize, childCount } = row;
  const hasChildren = childCount > 0;
  return (
    <div
      id={id}
      role="row"
      className="tree-row"
      style={{ ...place, paddingInlineStart: `${level * 18 + 4}px`, outline: isActive ? undefined : 'none' }}
      data-active={isActive || undefined}
      aria-rowindex={index + 1}
      aria-level={level + 1}
      aria-posinset={positionInSet}
      aria-setsize={setSize}
      aria-selected={isSelected}
      {...(hasChildren && { 'aria-expanded': isExpanded })}
      onClick={() => onSelect(groupId)}
    >
      <div role="gridcell" style={{ width: 26 }}>
        {hasChildren && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            tabIndex={-1}
            aria-label={t(isExpanded ? 'groups.collapse' : 'groups.expand', { name })}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(groupId, !isExpanded);
            }}
          >
            <span aria-hidden>{isExpanded ? '▾' : '▸'}</span>
          </ActionIcon>
        )}
      </div>
      <div role="gridcell" className="tree-name">
        {name}
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

/** The numbers in use and their limit: bold where no more fit, red where something is suspended. */
export function UseOf({ row: { resources } }: { readonly row: TreeRow }) {
  const { t } = useTranslation();
  const { consumed, suspended, effectiveLimit } = resources.sip_number;
  const isFull = effectiveLimit !== null && consumed >= effectiveLimit;
  const words = `${t('resources.sip_number')}: ${numberText(consumed)} / ${limitText(effectiveLimit, t)}. ${t('common.why')}`;
  return (
    <Text span size="xs" c={suspended > 0 ? 'red' : 'dimmed'} fw={isFull ? 700 : 400} title={words}>
      {numberText(consumed)} / {effectiveLimit === null ? '∞' : numberText(effectiveLimit)}
    </Text>
  );
}

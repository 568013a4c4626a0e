import { readable } from './measure.mjs';

/**
 * One row of the table. `target` is `{ atLeast }` or `{ atMost }`, compared with the ratio if there is one, else with
 * the value.
 */
export function row({ figure, value, unit, peer, target, note }) {
  const ratio = peer === undefined ? undefined : value / peer.value;
  const measured = target?.of === 'value' || ratio === undefined ? value : ratio;
  const met =
    target === undefined
      ? undefined
      : target.atLeast !== undefined
        ? measured >= target.atLeast
        : measured <= target.atMost;
  return { figure, value, unit, peer, ratio, target, met, note };
}

const COLUMNS = [
  ['figure', (line) => line.figure],
  ['value', (line) => (line.error ? line.error : `${readable(line.value)} ${line.unit}`)],
  ['peer or limit', (line) => (line.peer ? `${readable(line.peer.value)} ${line.unit} ${line.peer.name}` : '')],
  ['ratio', (line) => (line.ratio === undefined ? '' : `${readable(line.ratio)}x`)],
  ['target', (line) => targetText(line)],
  ['met', (line) => (line.met === undefined ? '' : line.met ? 'yes' : 'NO')],
];

function targetText({ target, ratio, unit }) {
  if (target === undefined) return '';
  const suffix = ratio === undefined ? ` ${unit}` : 'x';
  return target.atLeast !== undefined ? `>= ${target.atLeast}${suffix}` : `<= ${target.atMost}${suffix}`;
}

export function renderTable({ machine, server, quick, rows }) {
  const head = `${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}, PostgreSQL ${server.version}, fsync ${server.fsync}, one commit ${server.commitMs} ms`;
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((line) => COLUMNS.map(([, text]) => text(line)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  const notes = rows.filter((line) => line.note).map((line) => `- ${line.figure}: ${line.note}`);
  return `${[head + (quick ? ' (quick: figures mean little)' : ''), '', ...lines, ...(notes.length ? ['', ...notes] : [])].join('\n')}\n`;
}

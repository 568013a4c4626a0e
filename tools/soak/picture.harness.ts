import { extent, max } from 'd3-array';
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { line } from 'd3-shape';

export interface Line {
  readonly name: string;
  /** A missing value interrupts the line. */
  readonly points: readonly (readonly [seconds: number, value: number | null])[];
}
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}
export interface Mark {
  readonly at: number;
  readonly label: string;
}

const WIDTH = 1_000;
const PANEL = { height: 150, gap: 44, left: 60, right: 190, top: 50 };
const COLORS = [
  '#1f77b4',
  '#ff7f0e',
  '#2ca02c',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
];

/** Panels below each other over the same time, as SVG. Faults are marked in all of them. */
export function pictureOf(title: string, panels: readonly Panel[], marks: readonly Mark[]): string {
  const seconds = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([at]) => at)));
  const [from = 0, until = 1] = extent(seconds);
  const x = scaleLinear([from / 60, until / 60], [PANEL.left, WIDTH - PANEL.right]);
  const height = PANEL.top + panels.length * (PANEL.height + PANEL.gap);
  const drawn = panels.map((panel, index) =>
    panelOf(panel, PANEL.top + index * (PANEL.height + PANEL.gap), { x, marks }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${PANEL.left}" y="20" font-size="15">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`;
}

interface Frame {
  readonly x: ScaleLinear<number, number>;
  readonly marks: readonly Mark[];
}

function panelOf({ title, lines }: Panel, top: number, { x, marks }: Frame): string {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value ?? 0));
  const bottom = top + PANEL.height;
  const y = scaleLinear([0, max(values) || 1], [bottom, top]).nice();
  const [left, right] = x.range() as [number, number];
  const path = line<readonly [number, number | null]>()
    .defined(([, value]) => value !== null)
    .x(([at]) => rounded(x(at / 60)))
    .y(([, value]) => rounded(y(value ?? 0)));
  return [
    `<text x="${left}" y="${top - 8}" font-weight="bold">${escaped(title)}</text>`,
    ...marks.map(({ at, label }) => {
      const place = rounded(x(at / 60));
      return `<line x1="${place}" x2="${place}" y1="${top}" y2="${bottom}" stroke="#f3c6c6"><title>${escaped(label)}</title></line>`;
    }),
    ...y.ticks(4).map((tick) => {
      const place = rounded(y(tick));
      return `<line x1="${left}" x2="${right}" y1="${place}" y2="${place}" stroke="#e5e5e5"/><text x="${left - 6}" y="${place + 4}" text-anchor="end">${y.tickFormat(4)(tick)}</text>`;
    }),
    ...x
      .ticks(10)
      .map((tick) => `<text x="${rounded(x(tick))}" y="${bottom + 14}" text-anchor="middle">${tick} min</text>`),
    ...lines.map(({ name, points }, index) => {
      const color = COLORS[index % COLORS.length]!;
      const place = top + 12 + index * 14;
      return `<path d="${path(points) ?? ''}" fill="none" stroke="${color}"/><text x="${right + 8}" y="${place}" fill="${color}">${escaped(name)}</text>`;
    }),
  ].join('\n');
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

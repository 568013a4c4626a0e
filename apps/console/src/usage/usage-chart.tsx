import { useComputedColorScheme } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Measures } from './usage-query.js';

const HEIGHT_PX = 280;

interface UsageChartProps {
  readonly windows: readonly Measures[];
  readonly timeZone: string;
  /** The same in words. */
  readonly label: string;
}

/** The peak and the average of each window; the table beside it has the numbers. */
export default function UsageChart({ windows, timeZone, label }: UsageChartProps) {
  const { t, i18n } = useTranslation();
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const frame = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(measured, frame);
  const scheme = useComputedColorScheme();
  const [peak, average] = [t('usage.peak'), t('usage.average')];
  useEffect(() => {
    const place = frame.current;
    if (place === null || width === 0) return;
    const style = getComputedStyle(place);
    const color = (name: string): string => style.getPropertyValue(name);
    const text = color('--mantine-color-text');
    const axis = { stroke: text, grid: { stroke: color('--mantine-color-default-border'), width: 1 } };
    const day = new Intl.DateTimeFormat(i18n.language, { day: 'numeric', month: 'short', timeZone });
    const line = { points: { show: windows.length < 2 }, paths: uPlot.paths.stepped!({ align: 1 }) };
    const last = windows.at(-1);
    // The last step reaches to the end of its window.
    const ends = last === undefined ? [] : [...windows, { ...last, from: last.until }];
    const plot = new uPlot(
      {
        width,
        height: HEIGHT_PX,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          { ...axis, values: (_plot, splits) => splits.map((each) => day.format(new Date(each * 1_000))), space: 70 },
          { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000] },
        ],
        series: [
          {},
          {
            ...line,
            label: peak,
            stroke: color('--mantine-color-teal-6'),
            width: 2,
            fill: color('--mantine-color-teal-light'),
          },
          { ...line, label: average, stroke: text, width: 1, dash: [5, 4] },
        ],
        legend: { live: false },
        cursor: { show: false },
      },
      [
        ends.map(({ from }) => Date.parse(from) / 1_000),
        ends.map((each) => each.peak),
        ends.map((each) => Number(each.average)),
      ],
      place,
    );
    return () => plot.destroy();
  }, [width, windows, timeZone, i18n.language, peak, average, scheme]);
  return <div ref={ref} role="img" aria-label={label} className="chart" style={{ minHeight: HEIGHT_PX }} />;
}

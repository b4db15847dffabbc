import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import type { TimeseriesData } from '../api/types';
import { axis } from '../format';
import { region } from '../locale';
import { onThemeShown } from '../theme';

/** Dash patterns, so that curves are told apart without their hue. */
export const dashes: number[][] = [
  [],
  [6, 4],
  [2, 3],
  [10, 4, 2, 4],
  [1, 4],
  [12, 3],
  [8, 3, 2, 3, 2, 3],
  [4, 2],
];

interface Props {
  data: TimeseriesData;
  unit: string | undefined;
  daily: boolean;
  label: string;
  onPoint: (index: number | null) => void;
}

/** The canvas of a time series. */
export function Chart({ data, unit, daily, label, onPoint }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  const [look, setLook] = useState(0);
  const names = data.series.map((series) => series.name).join('\n');

  useEffect(() => {
    latest.current = data;
    plot.current?.setData(aligned(data));
  }, [data]);

  useEffect(
    () =>
      onThemeShown(() => {
        setLook((seen) => seen + 1);
      }),
    [],
  );

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(
      options(element, names.split('\n'), unit, daily, onPoint),
      aligned(latest.current),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, unit, daily, onPoint, look]);

  return <div ref={box} className="chart" role="img" aria-label={label} />;
}

function aligned(data: TimeseriesData): uPlot.AlignedData {
  return [data.times, ...data.series.map((series) => series.values)];
}

/** Tokens are resolved by the browser, as a canvas knows neither var() nor light-dark(). */
function resolved(element: HTMLElement, tokens: string[]): string[] {
  return tokens.map((token) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${token})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  });
}

function options(
  element: HTMLElement,
  names: string[],
  unit: string | undefined,
  daily: boolean,
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const [dim, line, ...strokes] = resolved(element, [
    '--dim',
    '--line',
    ...names.map((_, index) => `--chart-${String((index % 8) + 1)}`),
  ]);
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axisStyle = {
    stroke: dim ?? '',
    font,
    grid: { stroke: line ?? '', width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 30, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_plot, low, high) => scale(low, high, unit) } },
    axes: [
      {
        ...axisStyle,
        values: times,
        incrs: daily ? days : incrs,
        space: 80,
        grid: { show: false },
        size: 28,
      },
      {
        ...axisStyle,
        values: (_plot, splits) => splits.map((split) => axis(split, unit)),
        size: (_plot, values) => Math.max(36, ...(values ?? []).map((text) => text.length * 7.5 + 12)),
        space: 36,
        ...(unit?.startsWith('bytes') && { incrs: binary }),
      },
    ],
    series: [
      {},
      ...names.map((name, index) => ({
        label: name,
        stroke: strokes[index] ?? '',
        width: 1.75,
        dash: dashes[index % dashes.length] ?? [],
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          onPoint(plot.cursor.idx ?? null);
        },
      ],
    },
  };
}

/** Starts at zero for what cannot be negative, and ends at 100 only when a percentage comes near it. */
function scale(low: number | null, high: number | null, unit: string | undefined): uPlot.Range.MinMax {
  const top = high ?? 1;
  const bottom = Math.min(0, low ?? 0);
  if (unit === 'percent' && top > 60 && top <= 100) return [bottom, 100];
  return uPlot.rangeNum(bottom, top === bottom ? bottom + 1 : top, {
    min: { pad: bottom < 0 ? 0.1 : 0, soft: 0, mode: 1 },
    max: { pad: 0.15 },
  });
}

// Bytes between marks, so that they read 1, 2, 3 MiB and not 0.95, 1.91, 2.86.
const binary = Array.from({ length: 54 }, (_, power) => 2 ** power);

// Seconds between marks; the library's own list jumps from one minute to five.
const incrs = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
  604_800,
];

const days = incrs.filter((step) => step >= 86_400);

const styles = {
  hourMinute: { hour: 'numeric', minute: '2-digit' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { month: 'short', day: 'numeric' },
} as const;

function times(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  const style = step >= 86_400 ? styles.day : step >= 60 ? styles.hourMinute : styles.seconds;
  const format = new Intl.DateTimeFormat(region(), style);
  return splits.map((split) => format.format(split * 1000));
}

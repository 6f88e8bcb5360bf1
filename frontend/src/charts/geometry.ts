import { scaleBand, scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';

export interface Point {
  date: string;
  orders: number;
  mails_sent: number;
}

export interface Size {
  width: number;
  height: number;
}

export const margin = { top: 12, right: 4, bottom: 28, left: 36 };

export interface Geometry {
  bars: { x: number; y: number; width: number; height: number }[];
  dots: { x: number; y: number }[];
  path: string;
  yTicks: { y: number; value: number }[];
  xTicks: { x: number; index: number }[];
  /** The whole column of a day, for the pointer. */
  step: number;
  left: (index: number) => number;
}

/** Where everything of the daily chart goes, in pixels. Counts only, so ticks are whole numbers. */
export function geometry(points: Point[], { width, height }: Size): Geometry {
  const top = Math.max(4, ...points.map((p) => Math.max(p.orders, p.mails_sent)));
  const x = scaleBand<number>()
    .domain(points.map((_, i) => i))
    .range([margin.left, width - margin.right])
    .paddingInner(0.3)
    .paddingOuter(0.15);
  const y = scaleLinear()
    .domain([0, top])
    .nice(4)
    .range([height - margin.bottom, margin.top]);
  const middle = (i: number) => (x(i) ?? 0) + x.bandwidth() / 2;
  const dots = points.map((p, i) => ({ x: middle(i), y: y(p.mails_sent) }));
  const every = Math.max(1, Math.ceil(points.length / Math.max(2, Math.floor(width / 90))));
  return {
    bars: points.map((p, i) => ({
      x: x(i) ?? 0,
      y: y(p.orders),
      width: x.bandwidth(),
      height: y(0) - y(p.orders),
    })),
    dots,
    path:
      line<{ x: number; y: number }>(
        (d) => d.x,
        (d) => d.y,
      )(dots) ?? '',
    yTicks: y
      .ticks(4)
      .filter(Number.isInteger)
      .map((value) => ({ value, y: y(value) })),
    xTicks: points
      .map((_, index) => ({ index, x: middle(index) }))
      .filter(({ index }) => (points.length - 1 - index) % every === 0),
    step: x.step(),
    left: (i) => middle(i) - x.step() / 2,
  };
}

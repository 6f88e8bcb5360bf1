import { useEffect, useRef, useState } from 'react';
import { useFormat } from '../shell/session';
import { t } from '../shell/strings';
import type { Point } from './geometry';
import { geometry, margin } from './geometry';

const HEIGHT = 240;

/**
 * Orders as bars, mails as a dotted line: told apart without colour. The
 * picture has a summary in words and a table with every figure.
 */
export default function DailyChart({ days }: { days: Point[] }) {
  const format = useFormat();
  const [asTable, setAsTable] = useState(false);
  const orders = days.reduce((sum, day) => sum + day.orders, 0);
  const mails = days.reduce((sum, day) => sum + day.mails_sent, 0);
  const busiest = days.reduce<Point | undefined>(
    (best, day) => (day.orders > (best?.orders ?? 0) ? day : best),
    undefined,
  );
  const summary =
    t('chart.summary', { days: days.length, orders, mails }) +
    (busiest
      ? ` ${t('chart.busiest', { date: format.civil(busiest.date), orders: busiest.orders })}`
      : '');

  return (
    <div className="chart">
      <div className="chart-head">
        <ul className="legend">
          <li>
            <svg width="14" height="12" aria-hidden="true">
              <rect className="bar" x="2" y="1" width="9" height="11" rx="2" />
            </svg>
            {t('chart.orders')} <strong>{format.number(orders)}</strong>
          </li>
          <li>
            <svg width="22" height="12" aria-hidden="true">
              <path className="line" d="M1 6h20" />
              <circle className="dot" cx="11" cy="6" r="3" />
            </svg>
            {t('chart.mails')} <strong>{format.number(mails)}</strong>
          </li>
        </ul>
        <s-button
          variant="tertiary"
          icon={asTable ? 'chart-vertical' : 'data-table'}
          onClick={() => setAsTable(!asTable)}
        >
          {t(asTable ? 'chart.as_chart' : 'chart.as_table')}
        </s-button>
      </div>
      <div className="chart-body">
        {asTable ? <Figures days={days} /> : <Picture days={days} summary={summary} />}
      </div>
    </div>
  );
}

function Picture({ days, summary }: { days: Point[]; summary: string }) {
  const format = useFormat();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setWidth(Math.round(element.getBoundingClientRect().width));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const g = geometry(days, { width: Math.max(width, 200), height: HEIGHT });
  const base = HEIGHT - margin.bottom;
  const day = at === null ? undefined : days[at];

  return (
    <div
      ref={box}
      className="picture"
      style={{ blockSize: HEIGHT }}
      onPointerMove={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        const index = Math.floor((x - g.left(0)) / g.step);
        setAt(index >= 0 && index < days.length ? index : null);
      }}
      onPointerLeave={() => setAt(null)}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={summary}>
          {g.yTicks.map((tick) => (
            <g key={tick.value}>
              <line
                className={tick.value === 0 ? 'axis' : 'rule'}
                x1={margin.left}
                x2={width}
                y1={tick.y}
                y2={tick.y}
              />
              <text className="tick" x={margin.left - 8} y={tick.y + 4} textAnchor="end">
                {format.number(tick.value)}
              </text>
            </g>
          ))}
          {at !== null && (
            <rect
              className="hover"
              x={g.left(at)}
              y={margin.top}
              width={g.step}
              height={base - margin.top}
              rx="4"
            />
          )}
          {g.bars.map((bar, i) => (
            <rect
              key={days[i]!.date}
              className="bar"
              x={bar.x}
              y={bar.y}
              width={bar.width}
              height={bar.height}
              rx={Math.min(3, bar.width / 2)}
            />
          ))}
          <path className="line" d={g.path} />
          {g.dots.map((dot, i) => (
            <circle
              key={days[i]!.date}
              className="dot"
              cx={dot.x}
              cy={dot.y}
              r={at === i ? 4.5 : 2.5}
            />
          ))}
          {g.xTicks.map((tick) => (
            <text
              key={tick.index}
              className="tick"
              x={tick.x}
              y={HEIGHT - 8}
              textAnchor={tick.index === days.length - 1 ? 'end' : 'middle'}
              dx={tick.index === days.length - 1 ? g.step / 2 : 0}
            >
              {format.civil(days[tick.index]!.date, 'short')}
            </text>
          ))}
        </svg>
      )}
      {day && at !== null && (
        <div
          className="chart-tip"
          aria-hidden="true"
          style={{
            insetInlineStart: Math.min(Math.max(g.dots[at]!.x, 84), Math.max(width - 84, 84)),
          }}
        >
          <strong>{format.civil(day.date)}</strong>
          <span>{t('chart.tip_orders', { count: day.orders })}</span>
          <span>{t('chart.tip_mails', { count: day.mails_sent })}</span>
        </div>
      )}
    </div>
  );
}

function Figures({ days }: { days: Point[] }) {
  const format = useFormat();
  return (
    <div
      className="figures"
      style={{ blockSize: HEIGHT }}
      tabIndex={0}
      role="region"
      aria-label={t('chart.table')}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{t('chart.day')}</th>
            <th scope="col">{t('chart.orders')}</th>
            <th scope="col">{t('chart.mails')}</th>
          </tr>
        </thead>
        <tbody>
          {[...days].reverse().map((day) => (
            <tr key={day.date}>
              <th scope="row">{format.civil(day.date)}</th>
              <td>{format.number(day.orders)}</td>
              <td>{format.number(day.mails_sent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

import { useFormat } from '../../shell/session';
import { t } from '../../shell/strings';
import type { Home } from './api';

/** Today in four figures. Each leads to the list behind it. */
export function Tiles({ today }: { today: Home['today'] | undefined }) {
  const format = useFormat();
  const delay = (ms: number | null) => (ms === null ? t('home.tile.none') : format.duration(ms));
  const tiles = [
    {
      label: t('home.tile.orders'),
      value: today && format.number(today.orders),
      note: t('home.tile.today'),
      href: '/orders',
    },
    {
      label: t('home.tile.sent'),
      value: today && format.number(today.mails_sent),
      note:
        today &&
        t('home.tile.sent_note', { waiting: today.mails_waiting, failed: today.mails_failed }),
      href: '/messages',
    },
    {
      label: t('home.tile.median'),
      value: today && delay(today.delay_p50_ms),
      note: t('home.tile.delay_note'),
      href: '/messages?state=sent',
    },
    {
      label: t('home.tile.p95'),
      value: today && delay(today.delay_p95_ms),
      note: t('home.tile.p95_note'),
      href: '/messages?state=sent',
    },
  ];
  return (
    <s-section accessibilityLabel={t('home.tile.group')} padding="none">
      <ul className="tiles" aria-busy={today === undefined}>
        {tiles.map((tile) => (
          <li key={tile.label}>
            <a className="tile" href={tile.href}>
              <span className="tile-label">{tile.label}</span>
              <span className="tile-value">{tile.value ?? <span className="blank" />}</span>
              <span className="tile-note">{tile.note ?? '\u00a0'}</span>
            </a>
          </li>
        ))}
      </ul>
    </s-section>
  );
}

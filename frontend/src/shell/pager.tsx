import { navigate, trail, usePlace, withQuery } from './router';
import { t } from './strings';

/**
 * Pages by cursor. The cursor is in the address, so a page can be shared and
 * reloaded; the way back is in the history's state, because cursors only point
 * forward.
 */
export function Pager({
  known,
  next,
  busy,
}: {
  known: string[];
  next: string | null;
  busy: boolean;
}) {
  const place = usePlace();
  const cursor = place.query.get('cursor') ?? '';
  const before = trail();
  if (next === null && cursor === '') return null;
  const to = (target: string, path: string[]) =>
    void navigate(withQuery(place, [...known, 'cursor'], { cursor: target }), { trail: path });
  return (
    <nav className="pager" aria-label={t('pager.label')}>
      <s-button
        icon="chevron-left"
        accessibilityLabel={t('pager.previous')}
        disabled={cursor === '' || busy}
        onClick={() => to(before.at(-1) ?? '', before.slice(0, -1))}
      />
      <s-button
        icon="chevron-right"
        accessibilityLabel={t('pager.next')}
        disabled={next === null || busy}
        onClick={() => to(next ?? '', [...before, cursor])}
      />
    </nav>
  );
}

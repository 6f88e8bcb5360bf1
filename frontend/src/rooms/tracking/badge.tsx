import { t, tCode } from '../../shell/strings';
import type { Parcel } from './api';

const tones = {
  delivered: 'success',
  out_for_delivery: 'info',
  exception: 'critical',
  attempted: 'warning',
  delayed: 'warning',
} as const;

/** How a parcel stands, and whether that is worth a look. */
export function ParcelState({ parcel }: { parcel: Parcel }) {
  return (
    <span className="badges">
      <s-badge tone={tones[parcel.state as keyof typeof tones] ?? 'neutral'}>
        {tCode('parcel_state', parcel.state)}
      </s-badge>
      {parcel.late && <s-badge tone="warning">{t('tracking.late')}</s-badge>}
      {parcel.stalled && <s-badge tone="critical">{t('tracking.stalled')}</s-badge>}
    </span>
  );
}

import { useState } from 'react';
import { asApiError, put } from '../../shell/api';
import { decimal, exponent } from '../../shell/format';
import { useResource } from '../../shell/resource';
import { useMay } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import type { Key } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { minorOf } from './amount';

interface ClaimSettings {
  version: number;
  enabled: boolean;
  days: number;
  wait_hours: number;
  answer_days: number;
  automatic: boolean;
  currency: string;
  value_max_minor: number;
  customer_days: number;
  customer_most: number;
  reship: boolean;
  refund: boolean;
  credit: boolean;
}

const numbers = [
  ['days', 1, 90],
  ['wait_hours', 0, 336],
  ['answer_days', 1, 30],
  ['customer_most', 0, 100],
  ['customer_days', 1, 3650],
] as const;
const remedies = ['reship', 'refund', 'credit'] as const;

/** How claims for parcels that are not there are taken and judged. */
export function ClaimsCard() {
  const { data, error, reload } = useResource<{ settings: ClaimSettings }>('/makegood/claims');
  if (data) return <Form key={data.settings.version} settings={data.settings} reload={reload} />;
  return (
    <s-section heading={t('claim_settings.title')}>
      {error ? (
        <Failed error={error} retry={() => void reload()} />
      ) : (
        <Skeleton lines={8} height={420} />
      )}
    </s-section>
  );
}

function Form({ settings, reload }: { settings: ClaimSettings; reload: () => Promise<void> }) {
  const may = useMay('settings.change');
  const digits = exponent(settings.currency);
  const [value, setValue] = useState(settings);
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const changed = JSON.stringify(value) !== JSON.stringify(settings);
  const save = async () => {
    setBusy(true);
    try {
      await put('/makegood/claims', value);
      toast(t('makegood.saved'));
      await reload();
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(false);
    }
  };
  return (
    <s-section heading={t('claim_settings.title')}>
      <s-stack gap="base">
        <s-switch
          label={t('claim_settings.enabled')}
          details={t('claim_settings.enabled_detail')}
          checked={value.enabled}
          disabled={!may}
          onChange={(event) => setValue({ ...value, enabled: event.currentTarget.checked })}
        />
        <s-switch
          label={t('claim_settings.automatic')}
          details={t('claim_settings.automatic_detail')}
          checked={value.automatic}
          disabled={!may}
          onChange={(event) => setValue({ ...value, automatic: event.currentTarget.checked })}
        />
        {numbers.map(([name, least, most]) => (
          <s-number-field
            key={name}
            label={t(`claim_settings.${name}` as Key)}
            min={least}
            max={most}
            step={1}
            value={String(value[name])}
            disabled={!may}
            onChange={(event) =>
              setValue({ ...value, [name]: Math.round(Number(event.currentTarget.value)) || 0 })
            }
          />
        ))}
        <s-text-field
          label={t('claim_settings.value_max_minor')}
          details={t('makegood.no_bound')}
          suffix={settings.currency}
          value={decimal(value.value_max_minor, digits)}
          error={wrong ? t('makegood.amount_wrong') : undefined}
          disabled={!may}
          onChange={(event) => {
            const minor = minorOf(event.currentTarget.value, digits);
            setWrong(minor === undefined);
            if (minor !== undefined) setValue({ ...value, value_max_minor: minor });
          }}
        />
        {remedies.map((name) => (
          <s-switch
            key={name}
            label={t(`makegood.choice.${name}` as Key)}
            checked={value[name]}
            disabled={!may}
            onChange={(event) => setValue({ ...value, [name]: event.currentTarget.checked })}
          />
        ))}
        {may && (
          <s-button
            variant="primary"
            disabled={!changed || busy || wrong}
            loading={busy}
            onClick={() => void save()}
          >
            {t('action.save')}
          </s-button>
        )}
      </s-stack>
    </s-section>
  );
}

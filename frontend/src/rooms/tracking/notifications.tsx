import { useState } from 'react';
import { asApiError, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { remember, useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import { MailPreview } from '../messages/preview';
import type { Settings } from './api';

const path = '/tracking/settings';
const mails = [
  { name: 'shipped', kind: 'shipped' },
  { name: 'out_for_delivery', kind: 'out' },
  { name: 'delivered', kind: 'delivered' },
  { name: 'delayed', kind: 'delayed' },
  { name: 'exception', kind: 'exception' },
] as const;
const languages = ['en', 'ar', 'fa', 'ja', 'ru', 'de', 'fr', 'es'];

/** Which mails about parcels go out, each with what it looks like. */
export default function NotificationsScreen() {
  const format = useFormat();
  const { data, error, reload } = useResource<{ settings: Settings }>(path);
  const [kind, setKind] = useState<string>('shipped');
  const [locale, setLocale] = useState(
    languages.find((tag) => format.locale.startsWith(tag)) ?? 'en',
  );
  const [saving, setSaving] = useState(false);
  const settings = data?.settings;

  const change = async (name: (typeof mails)[number]['name'], on: boolean) => {
    if (!settings || saving) return;
    setSaving(true);
    try {
      remember(path, await put<{ settings: Settings }>(path, { ...settings, [name]: on }));
      toast(t(on ? 'notifications.on' : 'notifications.off'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setSaving(false);
      await reload();
    }
  };

  return (
    <Page
      heading={t('notifications.title')}
      back={{ href: '/tracking', label: t('tracking.title') }}
      waiting={!settings && !error}
    >
      <s-banner tone="info" heading={t('notifications.double')}>
        <s-paragraph>{t('notifications.double_detail')}</s-paragraph>
      </s-banner>
      <s-section heading={t('notifications.which')}>
        {error && !settings && <Failed error={error} retry={() => void reload()} />}
        {!settings && !error && <Skeleton lines={4} height={200} />}
        {settings && (
          <div className="fields">
            {mails.map((mail) => (
              <s-switch
                key={mail.name}
                name={mail.name}
                label={t(`notifications.${mail.name}`)}
                details={t(`notifications.${mail.name}_detail`)}
                checked={settings[mail.name]}
                disabled={saving}
                onChange={(event) => void change(mail.name, event.currentTarget.checked)}
              />
            ))}
          </div>
        )}
      </s-section>
      <s-section accessibilityLabel={t('notifications.choose')}>
        <div className="fields-pair">
          <s-select
            label={t('notifications.preview')}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value)}
          >
            {mails.map((mail) => (
              <s-option key={mail.kind} value={mail.kind}>
                {t(`notifications.${mail.name}`)}
              </s-option>
            ))}
          </s-select>
          <s-select
            label={t('notifications.language')}
            value={locale}
            onChange={(event) => setLocale(event.currentTarget.value)}
          >
            {languages.map((tag) => (
              <s-option key={tag} value={tag}>
                {format.language(tag)}
              </s-option>
            ))}
          </s-select>
        </div>
      </s-section>
      <MailPreview
        key={`${kind} ${locale}`}
        path={`/tracking/preview?kind=${kind}&locale=${locale}`}
        sent={false}
      />
    </Page>
  );
}

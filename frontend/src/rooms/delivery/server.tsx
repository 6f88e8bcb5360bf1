import { t } from '../../shell/strings';
import type { Delivery, MailSettings } from './api';
import type { FormProps } from './form';
import { whole } from './whole';

const ports = { starttls: 587, tls: 465, none: 25 } as const;
type Security = keyof typeof ports;

/** Whose mail server mails leave through. */
export function Server({ draft, set, errorOf, delivery }: FormProps & { delivery: Delivery }) {
  const own = draft.host !== '' || draft.security !== '';
  const had = delivery.mail;

  const choose = (mine: boolean) => {
    const fields: Partial<MailSettings> = mine
      ? had.host !== ''
        ? had
        : { port: 587, security: 'starttls' }
      : { host: '', port: 0, security: '', user: '', password: null, from_address: '' };
    for (const name of ['host', 'port', 'security', 'user', 'from_address'] as const) {
      const value = fields[name];
      if (value !== undefined) set(name, value as never);
    }
    set('password', null);
  };
  const secure = (security: Security) => {
    // The usual port follows, unless somebody wrote another one.
    if (Object.values(ports).some((usual) => usual === draft.port)) set('port', ports[security]);
    set('security', security);
  };

  return (
    <s-section heading={t('delivery.server')}>
      <div className="fields">
        <s-select
          name="own"
          label={t('delivery.leaves')}
          details={own ? '' : t('delivery.leaves_detail', { address: delivery.from_address })}
          value={own ? 'own' : 'installation'}
          onChange={(event) => choose(event.currentTarget.value === 'own')}
        >
          <s-option value="installation">{t('delivery.installation')}</s-option>
          <s-option value="own">{t('delivery.own')}</s-option>
        </s-select>
        {own && (
          <>
            <s-email-field
              name="from_address"
              label={t('delivery.from')}
              details={t('delivery.from_detail')}
              value={draft.from_address}
              error={errorOf('from_address')}
              required
              autocomplete="off"
              onInput={(event) => set('from_address', event.currentTarget.value.trim())}
            />
            <s-text-field
              name="host"
              label={t('delivery.host')}
              placeholder="smtp.example.com"
              value={draft.host}
              error={errorOf('host')}
              required
              autocomplete="off"
              onInput={(event) => set('host', event.currentTarget.value.trim())}
            />
            <div className="fields-pair">
              <s-select
                name="security"
                label={t('delivery.security')}
                value={draft.security}
                error={errorOf('security')}
                onChange={(event) => secure(event.currentTarget.value as Security)}
              >
                <s-option value="starttls">{t('delivery.security.starttls')}</s-option>
                <s-option value="tls">{t('delivery.security.tls')}</s-option>
                <s-option value="none">{t('delivery.security.none')}</s-option>
              </s-select>
              <s-number-field
                name="port"
                label={t('delivery.port')}
                inputMode="numeric"
                min={1}
                max={65535}
                value={draft.port === 0 ? '' : String(draft.port)}
                error={errorOf('port')}
                onInput={(event) => set('port', whole(event.currentTarget.value))}
              />
            </div>
            <div className="fields-pair">
              <s-text-field
                name="user"
                label={t('delivery.user')}
                value={draft.user}
                error={errorOf('user')}
                autocomplete="off"
                onInput={(event) => set('user', event.currentTarget.value)}
              />
              <s-password-field
                name="password"
                label={t('delivery.password')}
                details={t(
                  delivery.has_password && draft.password === null
                    ? 'delivery.password_kept'
                    : 'delivery.password_detail',
                )}
                value={draft.password ?? ''}
                error={errorOf('password')}
                autocomplete="off"
                onInput={(event) =>
                  set(
                    'password',
                    event.currentTarget.value === '' ? null : event.currentTarget.value,
                  )
                }
              />
            </div>
          </>
        )}
      </div>
    </s-section>
  );
}

import { useState } from 'react';
import { asApiError, put } from '../../shell/api';
import { Page } from '../../shell/page';
import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Failed, SkeletonRows } from '../../shell/states';
import { t, tCode } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Staff, StaffMember } from './staff-api';

/** Who of the merchant's people was here, and what each may do. */
export default function StaffScreen() {
  const { data, error, reload } = useResource<Staff>('/staff');
  const [busy, setBusy] = useState('');

  const save = async (path: string, body: unknown) => {
    setBusy(path);
    try {
      await put(path, body);
      toast(t('staff.saved'));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      await reload();
      setBusy('');
    }
  };

  return (
    <Page heading={t('staff.title')} waiting={data === undefined}>
      {error && !data && <Failed error={error} retry={() => void reload()} />}
      {!error && !data && (
        <s-section>
          <SkeletonRows rows={4} />
        </s-section>
      )}
      {data && (
        <>
          <s-section padding="none" accessibilityLabel={t('staff.people')}>
            <ul className="plain-list ruled">
              {data.staff.map((one) => (
                <Person
                  key={one.id}
                  one={one}
                  data={data}
                  busy={busy !== ''}
                  save={(role, extras) =>
                    void save(`/staff/${encodeURIComponent(one.id)}`, { role, extras })
                  }
                />
              ))}
            </ul>
          </s-section>
          <s-section heading={t('staff.newcomers')}>
            <div className="stack-small">
              <s-paragraph>{t('staff.newcomers_detail')}</s-paragraph>
              <s-select
                label={t('staff.default_role')}
                value={data.default_role}
                disabled={busy !== ''}
                onChange={(event) =>
                  void save('/staff/default', { role: event.currentTarget.value })
                }
              >
                {data.roles
                  .filter(({ role }) => role !== 'owner')
                  .map(({ role }) => (
                    <s-option key={role} value={role}>
                      {tCode('role', role)}
                    </s-option>
                  ))}
              </s-select>
            </div>
          </s-section>
          <s-section heading={t('staff.roles')}>
            <dl className="role-list">
              {data.roles.map(({ role, permissions }) => (
                <div key={role}>
                  <dt>{tCode('role', role)}</dt>
                  <dd>
                    {role === 'owner'
                      ? t('staff.everything')
                      : permissions
                          .map((p) => tCode('permission', p.replace('.', '_')))
                          .join(' · ')}
                  </dd>
                </div>
              ))}
            </dl>
          </s-section>
        </>
      )}
    </Page>
  );
}

interface PersonProps {
  one: StaffMember;
  data: Staff;
  busy: boolean;
  save: (role: string, extras: string[]) => void;
}

function Person({ one, data, busy, save }: PersonProps) {
  const format = useFormat();
  const name = one.name || t('privacy.staff', { id: one.id });
  const has = data.roles.find(({ role }) => role === one.role)?.permissions ?? [];
  const toggle = (extra: string, on: boolean) =>
    save(one.role, on ? [...one.extras, extra] : one.extras.filter((e) => e !== extra));
  return (
    <li className="hook staff-row">
      <div className="hook-main">
        <div className="hook-head">
          <strong>{name}</strong>
          {one.you && <s-badge>{t('staff.you')}</s-badge>}
          {one.account_owner && <s-badge tone="info">{t('staff.account_owner')}</s-badge>}
          {one.collaborator && <s-badge>{t('staff.collaborator')}</s-badge>}
        </div>
        <p className="subdued hook-meta">
          <time dateTime={one.seen_at} title={format.exact(one.seen_at)}>
            {t('staff.seen', { when: format.dateTime(one.seen_at) })}
          </time>
          {one.changed_at && (
            <time dateTime={one.changed_at} title={format.exact(one.changed_at)}>
              {t('staff.changed', { when: format.dateTime(one.changed_at) })}
            </time>
          )}
        </p>
        {one.role !== 'owner' && (
          <div className="extras" role="group" aria-label={t('staff.extras_of', { name })}>
            {data.extras.map((extra) => (
              <s-checkbox
                key={extra}
                label={tCode('permission', extra.replace('.', '_'))}
                checked={has.includes(extra) || one.extras.includes(extra)}
                disabled={busy || has.includes(extra)}
                onChange={(event) => toggle(extra, event.currentTarget.checked)}
              />
            ))}
          </div>
        )}
      </div>
      <div className="staff-role">
        <s-select
          label={t('staff.role_of', { name })}
          labelAccessibilityVisibility="exclusive"
          value={one.role}
          disabled={busy || one.account_owner}
          onChange={(event) => save(event.currentTarget.value ?? one.role, one.extras)}
        >
          {data.roles.map(({ role }) => (
            <s-option key={role} value={role}>
              {tCode('role', role)}
            </s-option>
          ))}
        </s-select>
      </div>
    </li>
  );
}

import { useState } from 'react';
import { asApiError, post } from '../../shell/api';
import { useResource } from '../../shell/resource';
import { useFormat } from '../../shell/session';
import { Failed, Skeleton } from '../../shell/states';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';
import type { Change, Policy, Version } from './api';
import { policyPath } from './api';
import { Diff } from './text';

interface Props {
  diff: Change[];
  restored: (policy: Policy) => void;
}

const path = `${policyPath}/versions`;

/** What the draft changes, what was published, and the way back. */
export function Versions({ diff, restored }: Props) {
  const format = useFormat();
  const { data: list, error, reload } = useResource<{ versions: Version[] }>(path);
  const [open, setOpen] = useState(0);
  const [busy, setBusy] = useState(0);
  const restore = async (version: number) => {
    setBusy(version);
    try {
      restored(await post<Policy>(`${path}/${version}/restore`));
      await reload();
      toast(t('policy.restored', { version }));
    } catch (cause) {
      toast(asApiError(cause).message, true);
    } finally {
      setBusy(0);
    }
  };
  return (
    <>
      <s-section heading={t('policy.changes')}>
        <Diff diff={diff} />
      </s-section>
      <s-section heading={t('policy.versions')}>
        {error && !list && <Failed error={error} retry={() => void reload()} />}
        {!list && !error && <Skeleton lines={4} />}
        <ol className="plain-list ruled">
          {list?.versions.map((one, at) => (
            <li key={one.version} className="stack-small">
              <span className="block-row">
                <span>
                  {t('policy.version', { version: one.version })}{' '}
                  {at === 0 && <s-badge tone="success">{t('policy.in_use')}</s-badge>}{' '}
                  <span className="subdued">
                    {one.at ? format.dateTime(one.at) : t('policy.from_settings')}
                    {one.restored_from !== null &&
                      ` · ${t('policy.restored_from', { version: one.restored_from })}`}
                  </span>
                </span>
                <span className="rule-actions">
                  <s-button
                    variant="tertiary"
                    accessibilityLabel={t('policy.show_version', { version: one.version })}
                    onClick={() => setOpen(open === one.version ? 0 : one.version)}
                  >
                    {t(open === one.version ? 'policy.hide' : 'policy.show')}
                  </s-button>
                  {at > 0 && (
                    <s-button
                      loading={busy === one.version}
                      disabled={busy !== 0}
                      accessibilityLabel={t('policy.restore_version', { version: one.version })}
                      onClick={() => void restore(one.version)}
                    >
                      {t('policy.restore')}
                    </s-button>
                  )}
                </span>
              </span>
              {open === one.version && <VersionText version={one.version} />}
            </li>
          ))}
        </ol>
      </s-section>
    </>
  );
}

function VersionText({ version }: { version: number }) {
  const { data, error, reload } = useResource<{ source: string; diff: Change[] }>(
    `${path}/${version}`,
  );
  if (error && !data) return <Failed error={error} retry={() => void reload()} />;
  if (!data) return <Skeleton lines={4} />;
  return version > 1 ? (
    <Diff diff={data.diff} />
  ) : (
    <pre className="policy-help mono">{data.source}</pre>
  );
}

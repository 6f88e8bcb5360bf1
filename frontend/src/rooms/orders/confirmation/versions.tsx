import { useState } from 'react';
import { asApiError, post } from '../../../shell/api';
import { useResource } from '../../../shell/resource';
import { useFormat } from '../../../shell/session';
import { Failed, Skeleton } from '../../../shell/states';
import { t } from '../../../shell/strings';
import { toast } from '../../../shell/toast';
import type { Confirmation, Design, Version } from './api';
import { confirmationPath } from './api';
import { changesBetween } from './changes';

interface Props {
  data: Confirmation;
  draft: Design;
  restored: (data: Confirmation) => void;
}

/** What was published, what the draft would change, and the way back. */
export function Versions({ data, draft, restored }: Props) {
  const format = useFormat();
  const path = `${confirmationPath}/versions`;
  const { data: list, error, reload } = useResource<{ versions: Version[] }>(path);
  const [busy, setBusy] = useState(0);
  const restore = async (version: number) => {
    setBusy(version);
    try {
      restored(await post<Confirmation>(`${path}/${version}/restore`));
      await reload();
      toast(t('design.restored', { version }));
    } catch (cause) {
      const problem = asApiError(cause);
      toast(problem.fields[0]?.detail ?? problem.message, true);
    } finally {
      setBusy(0);
    }
  };
  return (
    <>
      <s-section heading={t('design.changes')}>
        <Changes before={data.published?.design ?? data.built_in} after={draft} />
      </s-section>
      <s-section heading={t('design.versions')}>
        {error && !list && <Failed error={error} retry={() => void reload()} />}
        {!list && !error && <Skeleton lines={4} />}
        {list && list.versions.length === 0 && (
          <p className="subdued">{t('design.versions_none')}</p>
        )}
        <ol className="plain-list ruled">
          {list?.versions.map((one, at) => (
            <li key={one.version} className="block-row">
              <span>
                {t('design.version', { version: one.version })}{' '}
                {at === 0 && <s-badge tone="success">{t('design.in_use')}</s-badge>}{' '}
                <span className="subdued">
                  {format.dateTime(one.at)}
                  {one.restored_from !== null &&
                    ` · ${t('design.restored_from', { version: one.restored_from })}`}
                </span>
              </span>
              {at > 0 && (
                <s-button
                  loading={busy === one.version}
                  disabled={busy !== 0}
                  accessibilityLabel={t('design.restore_version', { version: one.version })}
                  onClick={() => void restore(one.version)}
                >
                  {t('design.restore')}
                </s-button>
              )}
            </li>
          ))}
        </ol>
      </s-section>
    </>
  );
}

function Changes({ before, after }: { before: Design; after: Design }) {
  const changes = changesBetween(before, after);
  if (changes.length === 0) return <p className="subdued">{t('design.no_changes')}</p>;
  return (
    <ul className="plain-list ruled">
      {changes.map((change) => (
        <li key={change.path} className="change">
          <code className="mono">{change.path}</code>
          {change.before !== '' && <del>{change.before.slice(0, 300)}</del>}
          {change.after !== '' && <ins>{change.after.slice(0, 300)}</ins>}
        </li>
      ))}
    </ul>
  );
}

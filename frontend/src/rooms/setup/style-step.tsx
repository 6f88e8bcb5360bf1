import { useState } from 'react';
import { useResource } from '../../shell/resource';
import { t, tCode } from '../../shell/strings';
import type { Orders } from '../orders/api';
import type { Design } from '../orders/confirmation/api';
import { styles, tones } from '../orders/confirmation/api';
import { useLanguage } from './language';
import { lastOrderPath } from './last';
import { useShown } from './shown';
import type { StepProps } from './step';
import { StepForm } from './step';
import type { Work } from './work';
import { saveDraft } from './work';

/** The styles side by side on the shop's own last order, in a tone. */
export function StyleStep({ work, ...props }: StepProps & { work: Work }) {
  const { draft } = work.design;
  const [style, setStyle] = useState(draft.default_style);
  const [tone, setTone] = useState(draft.tone);
  const { data } = useResource<Orders>(lastOrderPath);
  const last = data?.orders[0];
  const design = { ...draft, tone };
  return (
    <StepForm
      {...props}
      wrong={[]}
      setWrong={() => undefined}
      save={async () => {
        await saveDraft(work, { default_style: style, tone });
      }}
    >
      <s-paragraph>
        {last ? t('setup.style.on_order', { order: last.name }) : t('setup.style.on_sample')}
      </s-paragraph>
      <s-select
        name="tone"
        label={t('design.tone')}
        value={tone}
        onChange={(event) => setTone(event.currentTarget.value ?? '')}
      >
        {tones.map((one) => (
          <s-option key={one} value={one}>
            {tCode('tone', one || 'common')}
          </s-option>
        ))}
      </s-select>
      <fieldset className="setup-styles">
        <legend className="subhead">{t('design.default_style')}</legend>
        {styles.map((one) => (
          <label key={one} className="setup-style">
            <span className="setup-style-head">
              <input
                type="radio"
                name="default_style"
                value={one}
                checked={style === one}
                onChange={() => setStyle(one)}
              />
              <strong>{t(`style.${one}`)}</strong>
            </span>
            {data && <Thumb design={design} order={last?.id ?? ''} style={one} />}
          </label>
        ))}
      </fieldset>
      {draft.rules.length > 0 && (
        <div>
          <p className="subhead">{t('setup.style.rules')}</p>
          <ol className="setup-rules">
            {draft.rules.map((rule, i) => (
              <li key={i}>
                {t('setup.goal.sets_rule', {
                  when: rule.when.map((c) => tCode('condition', c.kind)).join(', '),
                  style: tCode('style', rule.style),
                })}
              </li>
            ))}
          </ol>
        </div>
      )}
      <p className="subdued setup-note">
        {t('setup.style.more')} <a href="/confirmation">{t('setup.style.editor')}</a>
      </p>
    </StepForm>
  );
}

/** A mail as a picture: nothing in it can be reached, the choice beside it says what it is. */
function Thumb({ design, order, style }: { design: Design; order: string; style: string }) {
  const language = useLanguage();
  const { shown, failure } = useShown(design, order, style, language);
  if (failure) return <span className="subdued">{failure}</span>;
  return (
    <span className="setup-thumb" inert>
      {shown && (
        <iframe
          className="letter"
          sandbox=""
          tabIndex={-1}
          referrerPolicy="no-referrer"
          title={tCode('style', style)}
          srcDoc={shown.html}
        />
      )}
    </span>
  );
}

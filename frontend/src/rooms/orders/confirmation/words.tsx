import { useFormat } from '../../../shell/session';
import { t } from '../../../shell/strings';
import type { Editing, StyleWords } from './api';
import { blocks, errorAt, styleWordsOf, withWords, wordsOf } from './api';

interface Props extends Editing {
  language: string;
  style: string;
}

const lines = ['subject', 'preheader', 'heading'] as const;

/** What one style says in one language; an empty field leaves our words. */
export function StyleText({ draft, change, wrong, language, style }: Props) {
  const format = useFormat();
  const own = styleWordsOf(draft, language, style);
  const say = (part: Partial<StyleWords>) => {
    const words = wordsOf(draft, language);
    change({
      words: withWords(draft, language, {
        ...words,
        styles: { ...words.styles, [style]: { ...own, ...part } },
      }),
    });
  };
  const at = `words.${language}.${style}`;
  return (
    <s-section
      heading={t('design.words', {
        style: t(`style.${style as 'plain'}`),
        language: format.language(language),
      })}
    >
      <div className="fields">
        <s-paragraph>{t('design.words_detail')}</s-paragraph>
        {lines.map((name) => (
          <s-text-field
            key={name}
            label={t(`design.words_${name}`)}
            value={own[name]}
            error={errorAt(wrong, `${at}.${name}`)}
            maxLength={200}
            onInput={(event) => say({ [name]: event.currentTarget.value })}
          />
        ))}
        <s-text-area
          label={t('design.words_intro')}
          rows={4}
          value={own.intro}
          error={errorAt(wrong, `${at}.intro`)}
          onInput={(event) => say({ intro: event.currentTarget.value })}
        />
      </div>
    </s-section>
  );
}

/** Which parts of the mail a style shows, and in which order. */
export function Blocks({ draft, change, wrong, style }: Omit<Props, 'language'>) {
  const shown = draft.layouts[style] ?? [];
  const put = (list: string[]) => change({ layouts: { ...draft.layouts, [style]: list } });
  const move = (at: number, by: number) => {
    const list = [...shown];
    const [block] = list.splice(at, 1);
    list.splice(at + by, 0, block!);
    put(list);
  };
  const hidden = blocks.filter((block) => !shown.includes(block));
  const missing = wrong.filter((problem) => problem.field === `layouts.${style}`);
  return (
    <s-section heading={t('design.blocks', { style: t(`style.${style as 'plain'}`) })}>
      <div className="stack-small">
        {missing.map((problem) => (
          <p key={problem.detail} className="rule-wrong">
            {problem.detail}
          </p>
        ))}
        <ol className="plain-list ruled">
          {shown.map((block, at) => (
            <li key={block} className="block-row">
              <span>{t(`block.${block as 'items'}`)}</span>
              <span className="rule-actions">
                <s-button
                  variant="tertiary"
                  icon="arrow-up"
                  disabled={at === 0}
                  accessibilityLabel={t('design.block_up', {
                    block: t(`block.${block as 'items'}`),
                  })}
                  onClick={() => move(at, -1)}
                />
                <s-button
                  variant="tertiary"
                  icon="arrow-down"
                  disabled={at === shown.length - 1}
                  accessibilityLabel={t('design.block_down', {
                    block: t(`block.${block as 'items'}`),
                  })}
                  onClick={() => move(at, 1)}
                />
                <s-button
                  variant="tertiary"
                  icon="x"
                  accessibilityLabel={t('design.block_remove', {
                    block: t(`block.${block as 'items'}`),
                  })}
                  onClick={() => put(shown.filter((b) => b !== block))}
                />
              </span>
            </li>
          ))}
        </ol>
        {hidden.length > 0 && (
          <div className="rule-actions">
            {hidden.map((block) => (
              <s-button key={block} icon="plus" onClick={() => put([...shown, block])}>
                {t(`block.${block}`)}
              </s-button>
            ))}
          </div>
        )}
      </div>
    </s-section>
  );
}

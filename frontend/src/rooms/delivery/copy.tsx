import { useEffect, useRef, useState } from 'react';
import { t } from '../../shell/strings';
import { toast } from '../../shell/toast';

const SHOWN = 2000;

/** A text to put somewhere else, as it is, and a button that takes it along. */
export function Copy({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const value = useRef<HTMLElement>(null);
  useEffect(() => () => clearTimeout(timer.current), []);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      toast(t('copy.done'));
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setDone(false), SHOWN);
    } catch {
      // Not allowed in this frame: the text is marked, for the keyboard to take.
      if (value.current) getSelection()?.selectAllChildren(value.current);
      toast(t('copy.by_hand'));
    }
  };

  return (
    <div className="copy">
      <span className="copy-label subdued">{label}</span>
      <code ref={value} className="copy-text" dir="ltr">
        {text}
      </code>
      <s-button
        icon={done ? 'check' : 'duplicate'}
        accessibilityLabel={t('copy.action_of', { label })}
        onClick={() => void copy()}
      >
        {t('copy.action')}
      </s-button>
    </div>
  );
}

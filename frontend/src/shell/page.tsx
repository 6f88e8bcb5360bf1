import type { ReactNode } from 'react';
import { useEffect, useRef } from 'react';
import { announce } from './toast';
import { rememberedScroll } from './router';
import { t } from './strings';

interface Props {
  heading: string;
  /**
   * The screen's content is still coming. When it is there everything is drawn
   * anew, so that nothing the reader already sees moves.
   */
  waiting?: boolean;
  /** Where "back" leads: the list this page was opened from. */
  back?: { href: string; label: string };
  primary?: ReactNode;
  actions?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

/**
 * One screen. On arrival the document gets its title, focus moves to the
 * screen's start, so that the keyboard continues there, and the title is said.
 */
export function Page({ heading, waiting = false, back, primary, actions, aside, children }: Props) {
  const top = useRef<HTMLDivElement>(null);
  const first = useRef(heading);

  useEffect(() => {
    document.title = t('app.title', { page: heading });
  }, [heading]);

  useEffect(() => {
    window.scrollTo(0, rememberedScroll());
    if (document.body.dataset['arrived'] === 'yes') {
      top.current?.focus({ preventScroll: true });
      announce(first.current);
    }
    document.body.dataset['arrived'] = 'yes';
  }, []);

  return (
    <div ref={top} tabIndex={-1} className="screen">
      <s-page key={waiting ? 'waiting' : 'here'} heading={heading}>
        {back && (
          <s-link slot="breadcrumb-actions" href={back.href}>
            {back.label}
          </s-link>
        )}
        {primary}
        {actions}
        {children}
        {aside && (
          <div slot="aside" className="stack">
            {aside}
          </div>
        )}
      </s-page>
    </div>
  );
}

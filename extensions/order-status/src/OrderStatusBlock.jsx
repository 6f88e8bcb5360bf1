import '@shopify/ui-extensions/preact';
import {render} from 'preact';
import {useCallback, useEffect, useState} from 'preact/hooks';
import {SignIn, ask} from './ask.js';

export default async () => {
  render(<OrderStatusBlock />, document.body);
};

/** The page of a link in a mail knows the order but not who is looking. */
const knowsNobody = () => shopify.authenticationState.value === 'pre_authenticated';

export function OrderStatusBlock() {
  const t = shopify.i18n.translate;
  const order = shopify.order.value?.id;
  const language = shopify.localization.language.value.isoCode;
  const [state, setState] = useState(/** @type {{name: string, told?: any}} */ ({name: 'loading'}));

  const load = useCallback(async () => {
    if (!order) return;
    setState({name: 'loading'});
    try {
      if (knowsNobody()) throw new SignIn();
      setState({name: 'shown', told: await ask(order, language, shopify.sessionToken)});
    } catch (error) {
      setState({name: error instanceof SignIn ? 'signed out' : 'failed'});
    }
  }, [order, language]);

  useEffect(() => {
    load();
  }, [load]);

  const signIn = async () => {
    try {
      await shopify.requireLogin();
    } catch {
      return; // they would rather not
    }
    load();
  };

  if (!order) return null; // the theme editor's preview has none
  return (
    <s-section heading={t('heading')}>
      {state.name === 'loading' && <s-skeleton-paragraph content={t('loading')} />}
      {state.name === 'shown' && <Told told={state.told} t={t} />}
      {state.name === 'signed out' && (
        <s-stack direction="block" gap="base">
          <s-text>{t('sign_in_text')}</s-text>
          <s-button variant="secondary" onClick={signIn}>
            {t('sign_in')}
          </s-button>
        </s-stack>
      )}
      {state.name === 'failed' && (
        <s-banner tone="warning">
          <s-stack direction="block" gap="base">
            <s-text>{t('failed')}</s-text>
            <s-button variant="secondary" onClick={load}>
              {t('again')}
            </s-button>
          </s-stack>
        </s-banner>
      )}
    </s-section>
  );
}

function Told({told, t}) {
  return (
    <s-stack direction="block" gap="base">
      <s-text type="strong">{told.status.text}</s-text>
      {told.eta && <s-text>{told.eta}</s-text>}
      {(told.changes ?? []).map(({name, text}) => (
        <s-text key={name}>
          {name}: {text}
        </s-text>
      ))}
      {told.returns.allowed && told.returns.last_day && <s-text>{t('returns_until', {day: told.returns.last_day})}</s-text>}
      {told.returns.allowed && !told.returns.last_day && told.returns.text && <s-text>{told.returns.text}</s-text>}
      <s-link href={told.order.url}>{told.link_text}</s-link>
    </s-stack>
  );
}

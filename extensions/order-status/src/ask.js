import {APP_URL} from './address.js';

/** Nobody is signed in, so our server tells nothing. */
export class SignIn extends Error {}

/**
 * What our server knows about the order, in the language of the page.
 * A session token lives for minutes, so each question gets its own.
 */
export async function ask(orderId, language, sessionToken) {
  const number = /\d+$/.exec(orderId)?.[0] ?? '';
  const answer = await fetch(`${APP_URL}/ext/v1/orders/${number}?lang=${encodeURIComponent(language)}`, {
    headers: {Authorization: `Bearer ${await sessionToken.get()}`, Accept: 'application/json'},
  });
  if (answer.status === 401) throw new SignIn();
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

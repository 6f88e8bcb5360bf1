import type { FieldProblem } from '../../shell/api';
import { t } from '../../shell/strings';
import type { SenderSettings } from './api';
import { isColor } from './contrast';

const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** What can be seen wrong without asking the server; the server has the last word. */
export function problemsOf(s: SenderSettings): FieldProblem[] {
  const found: FieldProblem[] = [];
  const wrong = (field: keyof SenderSettings, detail: string) => found.push({ field, detail });
  if (s.sender_name.trim() === '') wrong('sender_name', t('sender.wrong.name'));
  if (s.reply_to !== '' && !MAIL.test(s.reply_to)) wrong('reply_to', t('sender.wrong.mail'));
  if (s.support_email !== '' && !MAIL.test(s.support_email))
    wrong('support_email', t('sender.wrong.mail'));
  if (s.logo_url !== '' && !s.logo_url.startsWith('https://'))
    wrong('logo_url', t('sender.wrong.url'));
  if (s.returns_policy_url !== '' && !s.returns_policy_url.startsWith('https://')) {
    wrong('returns_policy_url', t('sender.wrong.url'));
  }
  if (!isColor(s.accent_color)) wrong('accent_color', t('sender.wrong.color'));
  if (!Number.isInteger(s.returns_days) || s.returns_days < 0 || s.returns_days > 365) {
    wrong('returns_days', t('sender.wrong.days'));
  }
  return found;
}

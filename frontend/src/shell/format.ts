import { now as serverNow } from './now';
import type { Key } from './strings';
import { t } from './strings';

export interface Money {
  minor: number;
  currency: string;
}

/** How many decimals a currency has; one that Intl doesn't know has two. */
export function exponent(currency: string): number {
  try {
    return (
      new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
        .maximumFractionDigits ?? 2
    );
  } catch {
    return 2;
  }
}

/** Minor units as a decimal string, digit by digit: no floating point near money. */
export function decimal(minor: number, digits: number): `${number}` {
  const sign = minor < 0 ? '-' : '';
  const text = Math.abs(minor)
    .toString()
    .padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${sign}${whole}${digits === 0 ? '' : '.' + text.slice(-digits)}` as `${number}`;
}

/** All dates and times of the admin, in the shop's time zone. */
export class Format {
  readonly locale: string;
  readonly zone: string;

  constructor(locale: string, zone: string) {
    this.locale = locale.startsWith('en') ? locale : 'en';
    this.zone = zone;
  }

  money({ minor, currency }: Money): string {
    const digits = exponent(currency);
    const amount = decimal(minor, digits);
    try {
      return new Intl.NumberFormat(this.locale, { style: 'currency', currency }).format(amount);
    } catch {
      return `${amount} ${currency}`;
    }
  }

  /** A month as the server writes it, "2026-11". */
  month(iso: string): string {
    return new Date(`${iso}-01T00:00:00Z`).toLocaleDateString(this.locale, {
      month: 'long',
      year: 'numeric',
      timeZone: 'UTC',
    });
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  dateTime(iso: string): string {
    return this.moment(iso, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** With seconds and the zone's name: for the log's fine print. */
  exact(iso: string): string {
    return this.moment(iso, {
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    });
  }

  /** The day of a moment: of what is due by its end, the hour says nothing. */
  date(iso: string): string {
    return this.moment(iso, { dateStyle: 'medium' });
  }

  time(iso: string): string {
    return this.moment(iso, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
  }

  day(iso: string): string {
    return this.moment(iso, { weekday: 'long', month: 'long', day: 'numeric' });
  }

  /** A civil date (2026-11-21), which has no zone to be moved by. */
  civil(date: string, style: 'long' | 'short' = 'long'): string {
    const options: Intl.DateTimeFormatOptions =
      style === 'long'
        ? { dateStyle: 'long', timeZone: 'UTC' }
        : { month: 'short', day: 'numeric', timeZone: 'UTC' };
    return new Intl.DateTimeFormat(this.locale, options).format(new Date(`${date}T00:00:00Z`));
  }

  /** "Today at 14:05" reads faster than a date in a list. */
  listTime(iso: string, now: Date = serverNow()): string {
    const day = this.civilOf(new Date(iso));
    const clock = this.moment(iso, { hour: 'numeric', minute: '2-digit' });
    if (day === this.civilOf(now)) return t('time.today_at', { time: clock });
    if (day === this.civilOf(new Date(now.getTime() - 86_400_000))) {
      return t('time.yesterday_at', { time: clock });
    }
    const sameYear = day.slice(0, 4) === this.civilOf(now).slice(0, 4);
    const date = this.moment(iso, {
      month: 'short',
      day: 'numeric',
      ...(sameYear ? {} : { year: 'numeric' }),
    });
    return t('time.date_at', { date, time: clock });
  }

  relative(iso: string, now: Date = serverNow()): string {
    const seconds = Math.round((new Date(iso).getTime() - now.getTime()) / 1000);
    const words = new Intl.RelativeTimeFormat(this.locale, { numeric: 'auto' });
    const size = Math.abs(seconds);
    if (size < 60) return words.format(seconds, 'second');
    if (size < 3600) return words.format(Math.round(seconds / 60), 'minute');
    if (size < 86_400) return words.format(Math.round(seconds / 3600), 'hour');
    return words.format(Math.round(seconds / 86_400), 'day');
  }

  duration(ms: number): string {
    const [value, key]: [number, Key] =
      ms < 1000
        ? [ms, 'duration.ms']
        : ms < 60_000
          ? [ms / 1000, 'duration.s']
          : ms < 3_600_000
            ? [ms / 60_000, 'duration.min']
            : [ms / 3_600_000, 'duration.h'];
    const digits = value < 10 && ms >= 1000 ? 1 : 0;
    return t(key, {
      value: new Intl.NumberFormat(this.locale, { maximumFractionDigits: digits }).format(value),
    });
  }

  language(tag: string): string {
    try {
      return new Intl.DisplayNames(this.locale, { type: 'language' }).of(tag) ?? tag;
    } catch {
      return tag;
    }
  }

  /** A country by its code, which stays where there is no such country. */
  country(code: string): string {
    try {
      return new Intl.DisplayNames(this.locale, { type: 'region' }).of(code) ?? code;
    } catch {
      return code;
    }
  }

  civilOf(at: Date): string {
    return new Intl.DateTimeFormat('en-CA', {
      timeZone: this.zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    }).format(at);
  }

  private moment(iso: string, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.locale, { ...options, timeZone: this.zone }).format(
      new Date(iso),
    );
  }
}

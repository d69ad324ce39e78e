/**
 * Figures as people read them (ui.md section 4): `1,204` up to 9,999, then `18.6k`; a space before the unit; `–` for what is
 * missing. Half-width and Latin in both languages, so nothing here depends on the locale.
 */

export const MISSING = '–';
const SPACE = '\u00a0';

/** A count: `0`, `1,204`, `18.6k`, `412k`, `3.1M`, `2.4G`. */
export function formatCount(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  if (size < 9_999.5) return grouped(Math.round(value));
  return scaled(value, size, 'k', 'M', 'G');
}

/** Two or three telling digits with the letter of the thousand they count; 999.95 of one becomes 1.0 of the next. */
function scaled(value: number, size: number, ...letters: readonly string[]): string {
  let unit = 1_000;
  let index = 0;
  while (index < letters.length - 1 && size / unit >= 999.5) {
    unit *= 1_000;
    index += 1;
  }
  const part = value / unit;
  return `${Math.abs(part) >= 99.95 ? Math.round(part) : part.toFixed(1)}${letters[index]}`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The exact count for tooltips: `18,623`. */
export function formatExact(value: number | null | undefined): string {
  return value == null || !Number.isFinite(value) ? MISSING : grouped(Math.round(value));
}

/**
 * A rate per second without its unit: `0`, `0.4`, `14`, `950`, `2.1k`. In thousands from 1,000 on, because a rate that moves
 * every second is read by its first digits.
 */
export function formatRate(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.05) return '<0.1';
  if (size < 9.95) return trimZero(value.toFixed(1));
  if (size < 999.5) return String(Math.round(value));
  return scaled(value, size, 'k', 'M', 'G');
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

/** `108 B`, `680 kB`, `1.1 MB`, `4.0 GB`: thousands, as on the wire. */
export function formatBytes(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  if (size < 999.5) return `${Math.round(value)}${SPACE}B`;
  const text = scaled(value, size, 'kB', 'MB', 'GB', 'TB');
  return text.replace(/(?=[kMGT]B$)/, SPACE);
}

/** `680 kB/s` */
export function formatByteRate(value: number | null | undefined): string {
  return value == null ? MISSING : `${formatBytes(value)}/s`;
}

/** A share from 0 to 1 as `38 %`. */
export function formatPercent(share: number | null | undefined): string {
  return share == null || !Number.isFinite(share) ? MISSING : `${Math.round(share * 100)}${SPACE}%`;
}

/** A time span in milliseconds: `0.4 ms`, `88 ms`, `1.2 s`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return MISSING;
  if (ms < 9.95) return `${ms.toFixed(1)}${SPACE}ms`;
  if (ms < 999.5) return `${Math.round(ms)}${SPACE}ms`;
  return `${(ms / 1_000).toFixed(1)}${SPACE}s`;
}

/** How long: `18 s`, `3 m 12 s`, `4 h 12 m`, `2 d 4 h`. Below zero, by clocks that differ, counts as zero. */
export function formatAge(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return MISSING;
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const steps: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ];
  const start = steps.findIndex(([, size]) => seconds >= size);
  if (start === -1) return `0${SPACE}s`;
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of steps.slice(start, start + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount}${SPACE}${unit}`);
  }
  return parts.join(SPACE);
}

const two = (value: number) => String(value).padStart(2, '0');

/** Local time of day `12:14:24`. */
export function formatClock(timeMs: number): string {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `12:14` */
export function formatHourMinute(timeMs: number): string {
  return formatClock(timeMs).slice(0, 5);
}

/** `12:14:24.407` */
export function formatClockMs(timeMs: number): string {
  return `${formatClock(timeMs)}.${String(Math.floor(timeMs) % 1_000).padStart(3, '0')}`;
}

/**
 * A topic cut in the middle, whole levels at a time where it can: `plant-a/…/setpoint`. Topics differ at their ends, so the
 * ends stay. `most` is the number of characters that fit.
 */
export function cutTopic(topic: string, most: number): string {
  if (topic.length <= most) return topic;
  if (most <= 1) return '…';
  const levels = topic.split('/');
  const first = levels[0] ?? '';
  if (levels.length > 2 && first.length + 3 <= most / 2) {
    let tail = '';
    for (let at = levels.length - 1; at > 0; at -= 1) {
      const longer = `/${levels[at]}${tail}`;
      if (first.length + 2 + longer.length > most) break;
      tail = longer;
    }
    if (tail !== '') return `${first}/…${tail}`;
  }
  const head = Math.floor((most - 1) / 2);
  return `${topic.slice(0, head)}…${topic.slice(topic.length - (most - 1 - head))}`;
}

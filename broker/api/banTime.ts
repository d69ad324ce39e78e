/** Times of bans: seconds since 1970, RFC 3339, or `infinity` (rest-api.md 0.5, 4.5). */
import type { Millis } from '../base/ids.ts';
import { parseMoment } from './routes/moment.ts';

export function parseBanTime(given: string | number): Millis | undefined {
  if (given === 'infinity') return Number.POSITIVE_INFINITY;
  const seconds = typeof given === 'number' ? given : /^\d{1,12}$/.test(given) ? Number(given) : undefined;
  return seconds === undefined ? parseMoment(String(given)) : seconds * 1000;
}

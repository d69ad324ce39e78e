/** What the routes of /banned may do (rest-api.md 4.5). */
import type { Ban } from '../access/bans.ts';

export interface BanPort {
  /** Sorted by kind, then text; what has expired is not there. */
  list(): readonly Ban[];
  /** Throws BAN_EXISTS with the `ban` that is there in its details, BAN_INVALID. What is not given has its default. */
  create(ban: Pick<Ban, 'as' | 'who'> & Partial<Ban>): Ban;
  /** False when there is none. */
  remove(as: Ban['as'], who: string): boolean;
  clear(): void;
}

/** Users from a file (rest-api.md 5.1): CSV with a header row, or a JSON array, with passwords or with their hashes. */
import { parseCsv } from '../csv.ts';

export interface ImportedUser {
  readonly userId: string;
  readonly secret: { readonly type: 'plain'; readonly password: string } | { readonly type: 'hash'; readonly hash: string; readonly salt: string };
  readonly isSuperuser: boolean;
}

export type ImportType = ImportedUser['secret']['type'];

export interface UserImport {
  readonly users: readonly ImportedUser[];
  /** Rows that are no users. */
  readonly failed: number;
}

/** Longest user id, and longest password, hash or salt: what MQTT can carry. */
export const MAX_ID_BYTES = 65_535;
const MAX_SECRET_CHARS = 65_535;

/** Undefined with text that is neither: `format` tells how it is to be read. */
export function parseUsers(text: string, format: 'csv' | 'json', type: ImportType): UserImport | undefined {
  const rows = format === 'csv' ? parseCsv(text, 'user_id') : parseJson(text);
  return rows === undefined ? undefined : readUsers(rows, type);
}

/** Rows as objects, from JSON or from the body of a request. */
export function readUsers(rows: readonly unknown[], type: ImportType): UserImport {
  const users: ImportedUser[] = [];
  for (const row of rows) {
    const user = typeof row === 'object' && row !== null ? readUser(row as Readonly<Record<string, unknown>>, type) : undefined;
    if (user !== undefined) users.push(user);
  }
  return { users, failed: rows.length - users.length };
}

function readUser(row: Readonly<Record<string, unknown>>, type: ImportType): ImportedUser | undefined {
  const { user_id: userId, is_superuser: superuser = false, password, password_hash: hash, salt = '' } = row;
  const isSuperuser = superuser === true || superuser === 'true' || superuser === '1' || superuser === 1;
  if (!isSuperuser && ![false, 'false', '0', 0, ''].includes(superuser as string)) return undefined;
  if (!isText(userId) || Buffer.byteLength(userId) > MAX_ID_BYTES) return undefined;
  if (type === 'plain') return isText(password) ? { userId, secret: { type, password }, isSuperuser } : undefined;
  if (!isText(hash) || typeof salt !== 'string' || salt.length > MAX_SECRET_CHARS) return undefined;
  return { userId, secret: { type, hash, salt }, isSuperuser };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_SECRET_CHARS;
}

function parseJson(text: string): readonly unknown[] | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return Array.isArray(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

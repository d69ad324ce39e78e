/** What the routes of /authentication may do (rest-api.md 5.1). Every call that fails throws BusbarError AUTHN_…. */
import type { AuthnFigures } from '../access/authn/authnCounters.ts';
import type { ImportType } from '../access/authn/userImport.ts';

/** `global`, or the id of a listener. */
export type ChainName = string;
/** An authenticator in the field names of REST, with its `id`. */
export type AuthenticatorRow = Readonly<Record<string, unknown>>;

export interface AuthnUserRow {
  readonly user_id: string;
  readonly is_superuser: boolean;
}

export interface ImportResult {
  readonly total: number;
  /** New ones. */
  readonly success: number;
  /** Ones that were there and are replaced. */
  readonly override: number;
  /** Ones that were there and stay as they are. */
  readonly skipped: number;
  readonly failed: number;
}

export type ImportSource =
  | { readonly format: 'csv' | 'json'; readonly text: string }
  | { readonly format: 'rows'; readonly rows: readonly unknown[] };

export interface AuthnPort {
  /** In order of the chain. */
  list(chain: ChainName): readonly AuthenticatorRow[];
  get(chain: ChainName, id: string): AuthenticatorRow;
  create(chain: ChainName, body: unknown): Promise<AuthenticatorRow>;
  /** Replaces all fields; mechanism and backend stay. */
  update(chain: ChainName, id: string, body: unknown): Promise<AuthenticatorRow>;
  /** Its users go too. */
  remove(chain: ChainName, id: string): Promise<void>;
  /** `front`, `rear`, `before:<id>`, `after:<id>` */
  move(chain: ChainName, id: string, position: string): Promise<void>;
  /** Every id of the chain, once each. */
  reorder(chain: ChainName, ids: readonly string[]): Promise<void>;
  figures(chain: ChainName, id: string): AuthnFigures;

  /** Sorted by user id. */
  users(chain: ChainName, id: string): readonly AuthnUserRow[];
  user(chain: ChainName, id: string, userId: string): AuthnUserRow;
  addUser(chain: ChainName, id: string, user: { userId: string; password: string; isSuperuser: boolean }): Promise<AuthnUserRow>;
  /** What is undefined stays. */
  changeUser(
    chain: ChainName,
    id: string,
    userId: string,
    change: { password: string | undefined; isSuperuser: boolean | undefined },
  ): Promise<AuthnUserRow>;
  removeUser(chain: ChainName, id: string, userId: string): Promise<void>;
  importUsers(chain: ChainName, id: string, source: ImportSource, type: ImportType): Promise<ImportResult>;
}

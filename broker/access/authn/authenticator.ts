/**
 * access/authn/: who a client is. An authenticator is one row of a chain (chain.ts); which chain a listener asks is chains.ts.
 * Those that need files, hashes or a network implement this interface in io/authn/.
 */
import type { MaybeLater } from '../../base/maybeLater.ts';
import type { AuthExchange, AuthnResult, Credentials } from '../../protocol/authentication.ts';

export interface Authenticator {
  /** `password_based:built_in_database`, `jwt`: mechanism and backend; once in a chain. */
  readonly id: string;
  /** Whether these credentials are good. A promise that rejects counts as `ignore` (broker-contract 2.2). */
  authenticate(credentials: Credentials): MaybeLater<AuthnResult>;
  /** Begins an enhanced authentication; undefined when the method is not one of its own. */
  begin(method: string, credentials: Credentials): AuthExchange | undefined;
}

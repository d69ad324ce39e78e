/** Which role may use which route (rest-api.md 1.4). */
import { refuse, type Reply } from './reply.ts';
import type { Principal, Route } from './route.ts';

/** Every user may end the own session and change the own password, whatever the role. */
const OWN_ACCOUNT: readonly string[] = ['/logout', '/users/:username/change_pwd'];

/** Undefined when allowed. */
export function refusalFor(principal: Principal, route: Pick<Route, 'method' | 'path' | 'access'>): Reply | undefined {
  if (route.access === 'user' && principal.kind === 'apiKey') {
    return refuse(
      'API_KEY_NOT_ALLOW',
      `API keys may not use ${route.path}; log in with POST /api/v5/login and send the bearer token.`,
    );
  }
  if (principal.role === 'administrator' || route.access === 'anyone') return undefined;
  if (principal.role === 'viewer' && (route.method === 'GET' || OWN_ACCOUNT.includes(route.path))) return undefined;
  if (principal.role === 'publisher' && route.path.startsWith('/publish')) return undefined;
  return refuse('UNAUTHORIZED_ROLE', `The role ${principal.role} may not ${route.method} ${route.path}.`);
}

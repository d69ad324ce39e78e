/** `access_rules` of a listener: which addresses may connect at all. First match decides, no match denies. */
import { inNetwork, parseAddress, parseNetwork, type Network } from '../../access/acl/address.ts';
import { BusbarError } from '../../base/errors.ts';
import type { AccessRule } from '../../config/listenerConfig.ts';

export type AddressCheck = (host: string) => boolean;

/** Null when everybody may connect, so that nothing is asked. Throws CONFIG_BAD_VALUE for an address that is none. */
export function compileAccessRules(rules: readonly AccessRule[], listener: string): AddressCheck | null {
  const first = rules[0];
  if (first?.permission === 'allow' && first.who === 'all') return null;
  const compiled = rules.map(({ permission, who }) => ({ allow: permission === 'allow', network: who === 'all' ? null : networkOf(who, `${permission} ${who}`, listener) }));
  return (host) => {
    const address = parseAddress(host);
    // A Unix socket has no address: only `all` speaks of it.
    for (const { allow, network } of compiled) if (network === null || (address !== undefined && inNetwork(address, network))) return allow;
    return false;
  };
}

function networkOf(who: string, rule: string, listener: string): Network {
  const network = parseNetwork(who);
  if (network !== undefined) return network;
  throw new BusbarError('CONFIG_BAD_VALUE', `access_rules of ${listener}: invalid_rule(s): ${rule}`, {
    hint: 'Write allow or deny, then all, an address or a network such as 10.0.0.0/8.',
    details: { listener, rule },
  });
}

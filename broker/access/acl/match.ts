/** How one compiled rule is tested (broker-contract 1.4). The evaluator and Explain share these functions, so they agree. */
import { inNetwork, parseAddress, type Address } from './address.ts';
import type { Permission } from './ast.ts';
import {
  RETAIN_BITS,
  type ActionMatcher,
  type NameMatcher,
  type TemplatePart,
  type TopicMatcher,
  type WhoMatcher,
} from './compile.ts';
import type { AclClient, AclRequest } from './decision.ts';
import { ACL_LIMITS } from './limits.ts';

/** One request while it walks the rules: what is derived from it is derived once, and only when a rule needs it. */
export class Attempt {
  readonly client: AclClient;
  readonly request: AclRequest;
  readonly needed: number;
  #levels: readonly string[] | undefined;
  #address: Address | null = null;

  constructor(client: AclClient, request: AclRequest) {
    this.client = client;
    this.request = request;
    const qos = 1 << request.qos;
    this.needed = request.action === 'publish' ? qos | RETAIN_BITS[`${request.retain}`] : qos;
  }

  get levels(): readonly string[] {
    return (this.#levels ??= this.request.topic.split('/'));
  }

  /** Null when the client has no readable peer address. */
  get address(): Address | null {
    return (this.#address ??= addressOf(this.client.peerHost));
  }
}

/** Many requests come from few addresses. */
const ADDRESSES_KEPT = 1_000;
const addresses = new Map<string, Address | null>();

function addressOf(text: string): Address | null {
  let address = addresses.get(text);
  if (address !== undefined) return address;
  address = parseAddress(text) ?? null;
  if (addresses.size >= ADDRESSES_KEPT) addresses.clear();
  addresses.set(text, address);
  return address;
}

export function matchesAction(action: ActionMatcher, attempt: Attempt): boolean {
  if (!(attempt.request.action === 'publish' ? action.publish : action.subscribe)) return false;
  return (action.mask & attempt.needed) === attempt.needed;
}

/** `permission` decides over names too long for a pattern: refused either way (limits.ts, regexSubjectChars). */
export function matchesName(matcher: NameMatcher, name: string | undefined, permission: Permission): boolean {
  if (matcher.type === 'any') return true;
  if (name === undefined) return false;
  if (matcher.type === 'exact') return matcher.value === name;
  return name.length > ACL_LIMITS.regexSubjectChars ? permission === 'deny' : matcher.regex.test(name);
}

export function matchesWho(who: WhoMatcher, attempt: Attempt, permission: Permission): boolean {
  switch (who.type) {
    case 'all':
      return true;
    case 'username':
      return matchesName(who.name, attempt.client.username, permission);
    case 'clientid':
      return matchesName(who.name, attempt.client.clientId, permission);
    case 'address': {
      const address = attempt.address;
      return address !== null && who.networks.some((network) => inNetwork(address, network));
    }
    case 'and':
      return who.of.every((part) => matchesWho(part, attempt, permission));
    case 'or':
      return who.of.some((part) => matchesWho(part, attempt, permission));
  }
}

/**
 * The ordinary filter matcher on level lists, taking a requested filter as if it were a topic name: `+` of the rule accepts the word
 * `#`, and there is no exception for `$`. The first clause that fits decides, there is no way back.
 */
export function matchLevels(wanted: readonly string[], rule: readonly string[]): boolean {
  for (let at = 0; ; at += 1) {
    const word = wanted[at];
    const pattern = rule[at];
    if (word === undefined && pattern === undefined) return true;
    if (word !== undefined && (word === pattern || pattern === '+')) continue;
    return pattern === '#' && at === rule.length - 1;
  }
}

/** The value a placeholder stands for; undefined when the client has none. */
export function placeholderValue(client: AclClient, name: string): string | undefined {
  if (name === 'clientid') return client.clientId;
  if (name === 'username') return client.username;
  if (name === 'cert_common_name') return client.certCommonName;
  if (name === 'zone') return client.zone;
  return name.startsWith('client_attrs.') ? client.attributes?.[name.slice('client_attrs.'.length)] : undefined;
}

/** The topic with its values put in, or the name of the value that is missing. An empty value counts as missing. */
export function renderTemplate(
  parts: readonly TemplatePart[],
  client: AclClient,
): { readonly topic: string } | { readonly missing: string } {
  let topic = '';
  for (const part of parts) {
    if ('literal' in part) {
      topic += part.literal;
      continue;
    }
    const value = placeholderValue(client, part.placeholder);
    if (value === undefined || value === '') return { missing: part.placeholder };
    topic += value;
  }
  return { topic };
}

/** A value stands for exactly one level and is never a wildcard; without a value the level stays the literal `%u` or `%c`. */
function matchOldTemplate(levels: readonly string[], attempt: Attempt): boolean {
  let possible = true;
  const rule = levels.map((level) => {
    const value = level === '%u' ? attempt.client.username : level === '%c' ? attempt.client.clientId : undefined;
    if (value === '+' || value === '#') possible = false;
    return value ?? level;
  });
  return possible && matchLevels(attempt.levels, rule);
}

export function matchesTopic(matcher: TopicMatcher, attempt: Attempt): boolean {
  const { topic } = attempt.request;
  switch (matcher.type) {
    case 'everything':
      return true;
    case 'literal':
      return matcher.topic === topic;
    case 'below':
      return topic.startsWith(matcher.prefix) || topic === matcher.topic;
    case 'levels':
      return matchLevels(attempt.levels, matcher.levels);
    case 'template': {
      const rendered = renderTemplate(matcher.parts, attempt.client);
      return 'topic' in rendered && matchLevels(attempt.levels, rendered.topic.split('/'));
    }
    case 'oldTemplate':
      return matchOldTemplate(matcher.levels, attempt);
  }
}

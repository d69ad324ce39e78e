/** How connections and messages are put into words: plain functions over the contract's shapes. */
import type { ClientMessage, ClientState, ConnectionSpec } from '../../../electron/contract/clients.ts';
import type { SubscriptionSpec } from '../../../electron/contract/connectionParts.ts';
import { schemeOf } from '../../../electron/contract/connectionRules.ts';
import type { MarkState } from '../../ui/nodeState.ts';

type Translate = (key: string, values?: Record<string, unknown>) => string;

const KNOWN_REASONS = new Set([
  0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x93, 0x95, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c,
  0x9d, 0x9e, 0x9f, 0xa1, 0xa2,
]);

/** What a CONNACK of MQTT 3 refuses with [MQTT-3.2.2.3], as the code of MQTT 5 that means the same. */
const CODES_OF_3: Readonly<Record<number, number>> = { 1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87 };

/** `0x87` */
export function codeText(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}

/** The words of a reason code: `not authorized`. */
export function reasonText(code: number, t: Translate): string {
  const of5 = CODES_OF_3[code] ?? code;
  return KNOWN_REASONS.has(of5) ? t(`clients.reason.${of5}`) : t('clients.reason.unknown', { code: codeText(code) });
}

/** `busbar-1`, or `broker.example:1883`. */
export function targetText(spec: ConnectionSpec): string {
  if (spec.target.kind === 'node') return spec.target.node;
  const address = `${spec.target.host}:${spec.target.port}`;
  const scheme = schemeOf(spec);
  return scheme === 'mqtt' ? address : `${scheme}://${address}`;
}

export function markOf(state: ClientState): MarkState {
  switch (state.state) {
    case 'connected':
      return 'running';
    case 'connecting':
    case 'reconnecting':
      return 'starting';
    case 'refused':
      return 'failed';
    case 'offline':
      return 'stopped';
  }
}

/** A session that outlives its connection: what is published meanwhile waits for it at the broker. */
export function keepsSession(spec: ConnectionSpec): boolean {
  return spec.protocolVersion === 5 ? spec.sessionExpiry > 0 : !spec.cleanStart;
}

/** The second line of a connection: `v5 · busbar-1`, `refused: 0x86 bad user name or password`. */
export function detailText(spec: ConnectionSpec, state: ClientState, t: Translate): string {
  const version = t(`clients.version.v${spec.protocolVersion}`);
  const target = targetText(spec);
  switch (state.state) {
    case 'connected':
      return `${version} · ${target}`;
    case 'connecting':
      return t('clients.state.connecting', { target });
    case 'reconnecting':
      return `${t('clients.state.reconnecting', { target, attempt: state.attempt })}${state.reason === null ? '' : ` · ${whyText(state, t)}`}`;
    case 'refused':
      return `${t('clients.state.refused')}: ${whyText(state, t)}`;
    case 'offline':
      return `${version} · ${t(keepsSession(spec) ? 'clients.state.offlineSession' : 'clients.state.offline')}${state.reason === null ? '' : ` · ${whyText(state, t)}`}`;
  }
}

/** Code and words of a refusal or of the broker's DISCONNECT, or the system's own words. */
export function whyText(state: ClientState, t: Translate): string {
  if (state.failure) return t(`clients.failure.${state.failure}`);
  return state.reasonCode === null ? (state.reason ?? '') : `${codeText(state.reasonCode)} ${reasonText(state.reasonCode, t)}`;
}

export type MessageKind = 'received' | 'sent' | 'refused';

/** A publish the broker refused (reason code 0x80 or above) is a kind of its own. */
export function kindOf(message: ClientMessage): MessageKind {
  if (message.direction === 'in') return 'received';
  return message.ack !== null && message.ack >= 0x80 ? 'refused' : 'sent';
}

/** Series number of a subscription (1 to 8), by its place in the connection's list: stable while it is subscribed. */
export function seriesOf(filter: string | undefined, filters: readonly string[]): number | undefined {
  const at = filter === undefined ? -1 : filters.indexOf(filter);
  return at === -1 ? undefined : (at % 8) + 1;
}

/**
 * Filters in an order that gives each the series colour it wants: a filter with a colour stands where `seriesOf` finds that one, the others
 * fill the gaps in their order. Empty places are no filters.
 */
export function placedFilters(subscriptions: readonly SubscriptionSpec[]): readonly string[] {
  const placed: string[] = [];
  const put = (filter: string, fits: (at: number) => boolean) => {
    let at = 0;
    while (placed[at] || !fits(at)) at += 1;
    while (placed.length < at) placed.push('');
    placed[at] = filter;
  };
  for (const { topicFilter, colour } of subscriptions) if (colour !== undefined) put(topicFilter, (at) => (at % 8) + 1 === colour);
  for (const { topicFilter, colour } of subscriptions) if (colour === undefined) put(topicFilter, () => true);
  return placed;
}

/** Whether a message is left out of the list: all that brought it is muted, or another subscription is heard alone. */
export function isHidden({ matched, direction }: ClientMessage, muted: ReadonlySet<string>, solo: string | undefined): boolean {
  if (direction === 'out') return false;
  if (solo !== undefined) return !matched.includes(solo);
  return matched.length > 0 && matched.every((filter) => muted.has(filter));
}

/** What a filter of another kind than the plain one means. */
export function meaningOf(topicFilter: string, t: Translate): string | undefined {
  const of = filterKind(topicFilter);
  if (of.kind === 'shared') return t('clients.sharedMeaning', { group: of.group });
  return of.kind === 'exclusive' ? t('clients.exclusiveMeaning') : undefined;
}

/** What a filter asks for besides its topic: a share of a group, or all of it for one client. */
export function filterKind(filter: string): { readonly kind: 'plain' | 'exclusive' } | { readonly kind: 'shared'; readonly group: string } {
  if (filter.startsWith('$exclusive/')) return { kind: 'exclusive' };
  const group = /^\$share\/([^/]+)\/./.exec(filter)?.[1] ?? (/^\$queue\/./.test(filter) ? '$queue' : undefined);
  return group === undefined ? { kind: 'plain' } : { kind: 'shared', group };
}

export type TopicProblem = 'noTopic' | 'wildcard';

/** What keeps a text from being a topic to publish to. */
export function topicProblem(topic: string): TopicProblem | undefined {
  if (topic === '') return 'noTopic';
  return /[+#\0]/.test(topic) ? 'wildcard' : undefined;
}

/** What holds for a connection before the host has said anything about it. */
export function offlineState(id: string): ClientState {
  return { id, state: 'offline', sinceMs: 0, attempt: 0, reasonCode: null, reason: null, sessionPresent: false, assignedClientId: null, subscriptions: [], received: 0, sent: 0 };
}

/** A connection while it is being written in the form, and the way from and to the contract's shape. */
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';

export interface ConnectionDraft {
  name: string;
  targetKind: 'node' | 'address';
  node: string;
  host: string;
  /** Empty while the field is. */
  port: number | '';
  clientId: string;
  protocolVersion: ConnectionSpec['protocolVersion'];
  cleanStart: boolean;
  keepalive: number | '';
  sessionExpiry: number | '';
  username: string;
  withWill: boolean;
  willTopic: string;
  willPayload: string;
  willQos: 0 | 1 | 2;
  willRetain: boolean;
}

const DEFAULT_PORT = 1883;
const DEFAULT_KEEPALIVE_S = 60;

/** The draft of an existing connection, or of a new one on `node` with a client id of its own. */
export function draftOf(spec: ConnectionSpec | undefined, node: string | undefined, number: number): ConnectionDraft {
  const target = spec?.target ?? (node === undefined ? undefined : { kind: 'node' as const, node });
  const address = target?.kind === 'address' ? target : undefined;
  return {
    name: spec?.name ?? `client-${number}`,
    targetKind: target?.kind ?? 'address',
    node: target?.kind === 'node' ? target.node : (node ?? ''),
    host: address?.host ?? '127.0.0.1',
    port: address?.port ?? DEFAULT_PORT,
    clientId: spec?.clientId ?? `client-${number}`,
    protocolVersion: spec?.protocolVersion ?? 5,
    cleanStart: spec?.cleanStart ?? true,
    keepalive: spec?.keepalive ?? DEFAULT_KEEPALIVE_S,
    sessionExpiry: spec?.sessionExpiry ?? 0,
    username: spec?.username ?? '',
    withWill: spec?.will != null,
    willTopic: spec?.will?.topic ?? '',
    willPayload: spec?.will?.payload ?? '',
    willQos: spec?.will?.qos ?? 0,
    willRetain: spec?.will?.retain ?? false,
  };
}

const isPort = (port: number | ''): boolean => port !== '' && Number.isInteger(port) && port >= 1 && port <= 65_535;
const fits = (value: number | '', most: number): boolean => value === '' || (Number.isInteger(value) && value >= 0 && value <= most);

export type DraftProblems = Partial<Record<'name' | 'host' | 'port' | 'keepalive' | 'sessionExpiry' | 'willTopic', string>>;

/** What keeps a draft from being saved, by field, as keys of words. */
export function problemsOf(draft: ConnectionDraft): DraftProblems {
  const problems: DraftProblems = {};
  if (draft.name.trim() === '') problems.name = 'nameNeeded';
  if (draft.targetKind === 'address' && draft.host.trim() === '') problems.host = 'hostNeeded';
  if (draft.targetKind === 'address' && !isPort(draft.port)) problems.port = 'portNeeded';
  if (!fits(draft.keepalive, 65_535)) problems.keepalive = 'keepaliveRange';
  if (draft.protocolVersion === 5 && !fits(draft.sessionExpiry, 4_294_967_295)) problems.sessionExpiry = 'expiryRange';
  if (draft.withWill && (draft.willTopic === '' || /[+#\0]/.test(draft.willTopic))) problems.willTopic = 'willTopicNeeded';
  return problems;
}

/** The connection a draft without problems means; what the form does not show is kept from `before`. */
export function specOf(draft: ConnectionDraft, before: ConnectionSpec | undefined): ConnectionSpec {
  return {
    id: before?.id ?? '',
    name: draft.name.trim(),
    target: draft.targetKind === 'node' ? { kind: 'node', node: draft.node } : { kind: 'address', host: draft.host.trim(), port: draft.port === '' ? DEFAULT_PORT : draft.port },
    clientId: draft.clientId,
    protocolVersion: draft.protocolVersion,
    cleanStart: draft.cleanStart,
    keepalive: draft.keepalive || 0,
    sessionExpiry: draft.protocolVersion === 5 ? draft.sessionExpiry || 0 : 0,
    username: draft.username,
    subscriptions: before?.subscriptions ?? [],
    will: draft.withWill ? { topic: draft.willTopic, payload: draft.willPayload, qos: draft.willQos, retain: draft.willRetain } : null,
  };
}

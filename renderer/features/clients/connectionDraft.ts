/** A connection while it is being written in the form, and the way from and to the contract's shape. */
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';
import type { ConnectSecrets, Scheme, TlsSpec, TlsVersion, UserProperty, WebSocketHeader, WillSpec } from '../../../electron/contract/connectionParts.ts';
import { DEFAULT_CONNECT_TIMEOUT_S, DEFAULT_PATH, USUAL_PORT, connectionProblems, isTls, isWebSocket, versionHas, type ConnectionField } from '../../../electron/contract/connectionRules.ts';

/** Empty while the field is, which means the default. */
export type NumberText = number | '';

/** A name and a value that can be switched off; of headers, secret ones too. */
export interface Row {
  on: boolean;
  name: string;
  value: string;
  secret: boolean;
}

export interface WillDraft {
  topic: string;
  payload: string;
  qos: 0 | 1 | 2;
  retain: boolean;
  delay: NumberText;
  isText: boolean;
  messageExpiry: NumberText;
  contentType: string;
  responseTopic: string;
  correlationData: string;
  properties: Row[];
}

export interface ConnectionDraft {
  name: string;
  targetKind: 'node' | 'address';
  node: string;
  scheme: Scheme;
  host: string;
  port: NumberText;
  path: string;
  headers: Row[];
  tls: { verify: boolean; serverName: string; alpn: string; minVersion: TlsVersion | ''; maxVersion: TlsVersion | ''; caFile: string; certFile: string; keyFile: string; pkcs12File: string };
  clientId: string;
  clientIdTime: boolean;
  protocolVersion: ConnectionSpec['protocolVersion'];
  connectTimeout: NumberText;
  reconnect: boolean;
  reconnectPeriod: NumberText;
  reconnectTries: NumberText;
  cleanStart: boolean;
  keepalive: NumberText;
  sessionExpiry: NumberText;
  receiveMaximum: NumberText;
  maximumPacketSize: NumberText;
  topicAliasMaximum: NumberText;
  responseInformation: boolean;
  problemInformation: boolean;
  properties: Row[];
  authenticationMethod: string;
  username: string;
  withWill: boolean;
  will: WillDraft;
}

/** What is typed for the connect and goes to no file; empty means what was given before. */
export interface SecretDraft {
  password: string;
  passphrase: string;
  authenticationData: string;
}

const DEFAULT_KEEPALIVE_S = 60;

/** The draft of an existing connection, or of a new one on `node` with a client id of its own. */
export function draftOf(spec: ConnectionSpec | undefined, node: string | undefined, number: number): ConnectionDraft {
  const target = spec?.target ?? (node === undefined ? undefined : { kind: 'node' as const, node });
  const address = target?.kind === 'address' ? target : undefined;
  const scheme = spec?.scheme ?? 'mqtt';
  return {
    ...{ name: spec?.name ?? `client-${number}`, targetKind: target?.kind ?? 'address', node: target?.kind === 'node' ? target.node : (node ?? '') },
    ...{ scheme, host: address?.host ?? '127.0.0.1', port: address?.port ?? USUAL_PORT[scheme], path: spec?.path ?? DEFAULT_PATH },
    ...{ headers: rowsOf(spec?.headers), tls: tlsDraftOf(spec?.tls), clientId: spec?.clientId ?? `client-${number}`, clientIdTime: spec?.clientIdTime ?? false },
    ...{ protocolVersion: spec?.protocolVersion ?? 5, connectTimeout: spec?.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_S },
    ...{ reconnect: spec?.reconnect?.on ?? true, reconnectPeriod: spec?.reconnect?.periodMs ?? '', reconnectTries: spec?.reconnect?.tries ?? '' },
    ...{ cleanStart: spec?.cleanStart ?? true, keepalive: spec?.keepalive ?? DEFAULT_KEEPALIVE_S, sessionExpiry: spec?.sessionExpiry ?? 0 },
    ...{ receiveMaximum: spec?.receiveMaximum ?? '', maximumPacketSize: spec?.maximumPacketSize ?? '', topicAliasMaximum: spec?.topicAliasMaximum ?? '' },
    ...{ responseInformation: spec?.requestResponseInformation ?? false, problemInformation: spec?.requestProblemInformation ?? true },
    ...{ properties: rowsOf(spec?.userProperties), authenticationMethod: spec?.authenticationMethod ?? '', username: spec?.username ?? '' },
    ...{ withWill: spec?.will != null, will: willDraftOf(spec?.will ?? undefined) },
  };
}

function rowsOf(rows: readonly (UserProperty & { readonly secret?: boolean })[] = []): Row[] {
  return rows.map(({ name, value, off, secret }) => ({ on: off !== true, name, value, secret: secret === true }));
}

function tlsDraftOf(tls: TlsSpec = {}): ConnectionDraft['tls'] {
  const { verify = true, serverName = '', alpn = [], minVersion = '', maxVersion = '', caFile = '', certFile = '', keyFile = '', pkcs12File = '' } = tls;
  return { verify, serverName, alpn: alpn.join(', '), minVersion, maxVersion, caFile, certFile, keyFile, pkcs12File };
}

function willDraftOf(will: WillSpec | undefined): WillDraft {
  return {
    ...{ topic: will?.topic ?? '', payload: will?.payload ?? '', qos: will?.qos ?? 0, retain: will?.retain ?? false, delay: will?.delay ?? '' },
    ...{ isText: will?.isText ?? false, messageExpiry: will?.messageExpiry ?? '', contentType: will?.contentType ?? '', responseTopic: will?.responseTopic ?? '' },
    ...{ correlationData: will?.correlationData ?? '', properties: rowsOf(will?.userProperties) },
  };
}

/** The connection a draft without problems means; its id and its subscriptions are those of `before`. */
export function specOf(draft: ConnectionDraft, before: ConnectionSpec | undefined): ConnectionSpec {
  const { protocolVersion, cleanStart, username, clientId } = draft;
  return {
    ...{ id: before?.id ?? '', name: draft.name.trim(), target: targetOf(draft), clientId, protocolVersion, cleanStart, keepalive: draft.keepalive || 0 },
    ...{ sessionExpiry: draft.sessionExpiry || 0, username, subscriptions: before?.subscriptions ?? [], will: draft.withWill ? willOf(draft.will) : null },
    ...kept({
      scheme: draft.scheme === 'mqtt' ? undefined : draft.scheme,
      path: draft.path === DEFAULT_PATH || draft.path === '' ? undefined : draft.path,
      headers: some(draft.headers.filter(({ name }) => name !== '').map(headerOf)),
      tls: tlsOf(draft.tls),
      clientIdTime: draft.clientIdTime || undefined,
      connectTimeout: draft.connectTimeout === DEFAULT_CONNECT_TIMEOUT_S ? undefined : number(draft.connectTimeout),
      reconnect: reconnectOf(draft),
      receiveMaximum: number(draft.receiveMaximum),
      maximumPacketSize: number(draft.maximumPacketSize),
      topicAliasMaximum: number(draft.topicAliasMaximum),
      requestResponseInformation: draft.responseInformation || undefined,
      requestProblemInformation: draft.problemInformation ? undefined : false,
      userProperties: some(draft.properties.filter(({ name }) => name !== '').map(propertyOf)),
      authenticationMethod: draft.authenticationMethod.trim() || undefined,
    }),
  };
}

/** What was typed for one connect. */
export function secretsOf(draft: ConnectionDraft, { password, passphrase, authenticationData }: SecretDraft): ConnectSecrets {
  const headers = draft.headers.filter(({ secret, value }) => secret && value !== '');
  return {
    ...(password !== '' && { password }),
    ...(passphrase !== '' && { passphrase }),
    ...(authenticationData !== '' && { authenticationData }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])) }),
  };
}

function targetOf(draft: ConnectionDraft): ConnectionSpec['target'] {
  if (draft.targetKind === 'node') return { kind: 'node', node: draft.node };
  return { kind: 'address', host: draft.host.trim(), port: draft.port === '' ? USUAL_PORT[draft.scheme] : draft.port };
}

function headerOf({ on, name, value, secret }: Row): WebSocketHeader {
  return { name: name.trim(), value: secret ? '' : value, ...(secret && { secret }), ...(!on && { off: true }) };
}

function propertyOf({ on, name, value }: Row): UserProperty {
  return { name, value, ...(!on && { off: true }) };
}

function tlsOf(draft: ConnectionDraft['tls']): TlsSpec | undefined {
  const alpn = draft.alpn.split(/[\s,]+/).filter((name) => name !== '');
  const { serverName, minVersion, maxVersion, caFile, certFile, keyFile, pkcs12File } = draft;
  const texts = { serverName: serverName.trim(), minVersion, maxVersion, caFile: caFile.trim(), certFile: certFile.trim(), keyFile: keyFile.trim(), pkcs12File: pkcs12File.trim() };
  const said = kept({ verify: draft.verify ? undefined : false, alpn: some(alpn), ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text || undefined])) }) as TlsSpec;
  return Object.keys(said).length === 0 ? undefined : said;
}

function reconnectOf({ reconnect, reconnectPeriod, reconnectTries }: ConnectionDraft): ConnectionSpec['reconnect'] {
  if (reconnect && reconnectPeriod === '' && reconnectTries === '') return undefined;
  return { on: reconnect, ...(reconnectPeriod !== '' && { periodMs: reconnectPeriod }), ...(reconnectTries !== '' && { tries: reconnectTries }) };
}

function willOf(draft: WillDraft): WillSpec {
  const { topic, payload, qos, retain, contentType, responseTopic, correlationData } = draft;
  return {
    ...{ topic, payload, qos, retain },
    ...kept({
      ...{ delay: number(draft.delay), isText: draft.isText || undefined, messageExpiry: number(draft.messageExpiry) },
      ...{ contentType: contentType || undefined, responseTopic: responseTopic || undefined, correlationData: correlationData || undefined },
      userProperties: some(draft.properties.filter(({ name }) => name !== '').map(propertyOf)),
    }),
  };
}

const number = (text: NumberText): number | undefined => (text === '' ? undefined : text);
const some = <T>(list: T[]): T[] | undefined => (list.length === 0 ? undefined : list);

type Kept<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined: a file has only what differs from the defaults. */
function kept<T extends object>(values: T): Kept<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Kept<T>;
}

/** Fields with a range: lowest, highest, and whether they may be empty. */
const RANGES = {
  port: [1, 65_535, false],
  keepalive: [0, 65_535, true],
  connectTimeout: [1, 600, true],
  reconnectPeriod: [1, 3_600_000, true],
  reconnectTries: [1, 100_000, true],
  sessionExpiry: [0, 4_294_967_295, true],
  receiveMaximum: [1, 65_535, true],
  maximumPacketSize: [1, 268_435_455, true],
  topicAliasMaximum: [0, 65_535, true],
} as const satisfies Partial<Record<keyof ConnectionDraft, readonly [number, number, boolean]>>;
const WILL_RANGE = [0, 4_294_967_295, true] as const;

type RangeField = keyof typeof RANGES | 'willDelay' | 'willExpiry';
export type DraftField = 'name' | 'host' | 'headers' | ConnectionField | RangeField;
export interface DraftProblem {
  /** Of words below `clients.form.problem`. */
  readonly key: string;
  readonly values?: Readonly<Record<string, number>>;
}
export type DraftProblems = Partial<Record<DraftField, DraftProblem>>;

/** What keeps a draft from being saved, by field. */
export function problemsOf(draft: ConnectionDraft): DraftProblems {
  const problems: DraftProblems = {};
  if (draft.name.trim() === '') problems.name = { key: 'nameNeeded' };
  if (draft.targetKind === 'address' && draft.host.trim() === '') problems.host = { key: 'hostNeeded' };
  for (const [field, range] of Object.entries(RANGES) as [keyof typeof RANGES, readonly [number, number, boolean]][]) {
    if (isShown(draft, field) && !fits(draft[field], range)) problems[field] = { key: 'range', values: { least: range[0], most: range[1] } };
  }
  if (usesWebSocket(draft) && draft.headers.some(({ name, value }) => (name !== '' || value !== '') && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name.trim()))) problems.headers = { key: 'headerName' };
  if (draft.withWill && hasMqtt5(draft)) {
    if (!fits(draft.will.delay, WILL_RANGE)) problems.willDelay = { key: 'range', values: { least: WILL_RANGE[0], most: WILL_RANGE[1] } };
    if (!fits(draft.will.messageExpiry, WILL_RANGE)) problems.willExpiry = { key: 'range', values: { least: WILL_RANGE[0], most: WILL_RANGE[1] } };
  }
  const spec = { ...specOf(draft, undefined), ...(draft.path !== '' && { path: draft.path }) };
  for (const [field, key] of Object.entries(connectionProblems(spec))) problems[field as ConnectionField] = { key };
  return problems;
}

/** What a field says that is hidden keeps nobody from saving, but may not be beyond what a file can hold. */
function isShown(draft: ConnectionDraft, field: keyof typeof RANGES): boolean {
  return field !== 'port' || draft.targetKind === 'address';
}

function fits(value: NumberText, [least, most, mayBeEmpty]: readonly [number, number, boolean]): boolean {
  return value === '' ? mayBeEmpty : Number.isInteger(value) && value >= least && value <= most;
}

export const hasMqtt5 = ({ protocolVersion }: ConnectionDraft): boolean => versionHas(protocolVersion, 'connectProperties');
export const usesTls = ({ targetKind, scheme }: ConnectionDraft): boolean => targetKind === 'address' && isTls(scheme);
export const usesWebSocket = ({ targetKind, scheme }: ConnectionDraft): boolean => targetKind === 'address' && isWebSocket(scheme);

export type FormGroup = 'general' | 'tls' | 'webSocket' | 'mqtt5' | 'will';

/** The groups that the version and the way to the broker have. */
export function groupsOf(draft: ConnectionDraft): FormGroup[] {
  return ['general', ...(usesTls(draft) ? (['tls'] as const) : []), ...(usesWebSocket(draft) ? (['webSocket'] as const) : []), ...(hasMqtt5(draft) ? (['mqtt5'] as const) : []), 'will'];
}

/** Where a field is. */
export function groupOf(field: DraftField): FormGroup {
  if (field.startsWith('will')) return 'will';
  if (['minVersion', 'certFile', 'keyFile', 'pkcs12File'].includes(field)) return 'tls';
  if (field === 'headers' || field === 'path') return 'webSocket';
  return ['receiveMaximum', 'maximumPacketSize', 'topicAliasMaximum'].includes(field) ? 'mqtt5' : 'general';
}

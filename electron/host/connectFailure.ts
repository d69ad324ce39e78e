/** What keeps a client from a broker, recognised from the errors of sockets, OpenSSL, WebSocket and MQTT.js, with cause and remedy in words. */
import type { ConnectFailure } from '../contract/clients.ts';

const WORDS: Readonly<Record<ConnectFailure, string>> = {
  refusedPort: 'Nothing listens at this address.',
  unknownHost: 'This host name is not known.',
  lookupFailed: 'The host name could not be looked up.',
  silent: 'The address does not answer.',
  noWay: 'There is no way to this address.',
  closed: 'The broker closed the connection.',
  closedEarly: 'The broker closed the connection without an answer. The port may be one for TLS or WebSocket.',
  noAnswer: 'The broker did not answer in time. Is this the right port, and is it TLS or WebSocket?',
  notTls: 'This port does not seem to speak TLS. Choose mqtt or ws, or the TLS port of the broker.',
  notMqtt: 'What answers at this port is not MQTT. It may be a TLS or WebSocket port.',
  notWebSocket: 'This port does not seem to speak WebSocket.',
  noSuchPath: 'The server has no WebSocket at this path.',
  upgradeRefused: 'The server refused the WebSocket request.',
  selfSigned: 'The certificate of the broker is signed by itself. Name it as CA file, or do not verify.',
  unknownAuthority: 'The certificate of the broker is signed by an authority that is not known. Name its CA file, or do not verify.',
  wrongName: 'The certificate of the broker is for another host name. Set the server name, or do not verify.',
  expired: 'The certificate of the broker is not valid at this time.',
  tlsVersion: 'The broker has no TLS version in common with this connection.',
  certificateWanted: 'The broker asks for a client certificate.',
  certificateRefused: 'The broker does not accept the client certificate.',
  noAlpn: 'The broker speaks none of the ALPN protocols.',
  badPassphrase: 'The passphrase does not open the key.',
  badCertificate: 'The certificate or key cannot be used.',
  unreadableFile: 'A certificate file cannot be read.',
  badProof: 'The broker did not prove that it knows the password. Somebody may be in between.',
};

const BY_CODE: Readonly<Record<string, ConnectFailure>> = {
  ECONNREFUSED: 'refusedPort',
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'lookupFailed',
  ETIMEDOUT: 'silent',
  EHOSTUNREACH: 'noWay',
  ENETUNREACH: 'noWay',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'selfSigned',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknownAuthority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknownAuthority',
  CERT_UNTRUSTED: 'unknownAuthority',
  CERT_SIGNATURE_FAILURE: 'unknownAuthority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrongName',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  ERR_SSL_WRONG_VERSION_NUMBER: 'notTls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'notTls',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tlsVersion',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'tlsVersion',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tlsVersion',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'certificateWanted',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'certificateRefused',
  ERR_SSL_SSL_TLSV1_ALERT_UNKNOWN_CA: 'certificateRefused',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'certificateRefused',
  ERR_SSL_SSL_ALERT_BAD_CERTIFICATE: 'certificateRefused',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'noAlpn',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'closed',
};

/** By what the error says, for those without a code of their own. The first that fits counts. */
const BY_TEXT: readonly (readonly [RegExp, ConnectFailure])[] = [
  [/^connack timeout$/, 'noAnswer'],
  [/alert unknown ca/i, 'certificateRefused'],
  [/alert (bad certificate|certificate (unknown|expired|revoked))/i, 'certificateRefused'],
  [/alert certificate required/i, 'certificateWanted'],
  [/alert (handshake failure|protocol version)|unsupported protocol|no protocols available/i, 'tlsVersion'],
  [/no application protocol/i, 'noAlpn'],
  [/bad decrypt|mac verify (failure|error)|(bad|invalid) password|passphrase|empty password|interrupted or cancelled/i, 'badPassphrase'],
  [/key values mismatch|no start line|bad base64|wrong tag|not enough data|asn1|PEM|DECODER|unsupported/, 'badCertificate'],
  [/wrong version number|packet length too long|record layer failure/i, 'notTls'],
  [/Unexpected server response: 404/, 'noSuchPath'],
  [/Unexpected server response|subprotocol/i, 'upgradeRefused'],
  [/^Parse Error|Expected HTTP|Invalid (Sec-WebSocket-Accept|Upgrade) header/i, 'notWebSocket'],
  [/^(Invalid header flag bits|Cannot parse|Invalid (packet|protocol|length|variable byte)|Only QoS|Not supported|malformed)/i, 'notMqtt'],
  [/socket hang up|disconnected before secure/i, 'closed'],
];

/** An error of our own that is one of the known failures already. */
export class KnownFailure extends Error {
  readonly failure: ConnectFailure;

  constructor(failure: ConnectFailure, detail?: string) {
    super(detail === undefined ? WORDS[failure] : `${WORDS[failure]} ${detail}`);
    this.failure = failure;
  }
}

export interface FailureText {
  readonly reason: string;
  readonly failure?: ConnectFailure;
}

/** Words for a failure. An attempt at several addresses fails with several errors, of which the first is told. */
export function failureText(error: unknown): FailureText {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (first instanceof KnownFailure) return { reason: first.message, failure: first.failure };
  const words = first instanceof Error ? first.message : String(first);
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  const failure = BY_CODE[code] ?? BY_TEXT.find(([text]) => text.test(words))?.[1];
  return failure === undefined ? { reason: words } : { reason: WORDS[failure], failure };
}

/**
 * TLS in front of MQTT or WebSocket: takes accepted sockets through the handshake. It never changes: other certificates or options
 * make another one, so that a handshake under way keeps what it began with.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { TlsOptions } from '../../config/listenerConfig.ts';
import { intermediatesOf } from './peerCertificate.ts';
import type { TlsContexts } from './tlsContext.ts';

export interface TlsFrontHandler {
  /** The handshake is done and the client has shown what it must. `raw` is the socket below. */
  secured(socket: TLSSocket, raw: Socket): void;
  /** The handshake failed; the socket is gone. `reason` is for people. */
  refused(raw: Socket, reason: string): void;
}

export class TlsFront {
  readonly #server: Server;
  readonly #options: TlsOptions;
  readonly #authorities: readonly X509Certificate[];
  readonly #handler: TlsFrontHandler;

  constructor(contexts: TlsContexts, options: TlsOptions, handler: TlsFrontHandler) {
    this.#options = options;
    this.#authorities = contexts.authorities;
    this.#handler = handler;
    // It does not listen: sockets are handed to it, so that whatever comes before TLS is done before.
    this.#server = createServer({
      ...contexts.options,
      requestCert: options.verifyPeer,
      rejectUnauthorized: options.verifyPeer && options.failIfNoPeerCert,
      handshakeTimeout: options.handshakeTimeoutMs,
      SNICallback: (name, done) => done(null, contextFor(contexts.bySni, name.toLowerCase())),
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      handler.refused(rawSocketOf(socket), refusalOf(error, socket));
      socket.destroy();
    });
  }

  accept(raw: Socket): void {
    this.#server.emit('connection', raw);
  }

  #secured(socket: TLSSocket): void {
    const raw = rawSocketOf(socket);
    const reason = this.#options.verifyPeer ? this.#faultOfPeer(socket) : undefined;
    if (reason === undefined) return this.#handler.secured(socket, raw);
    this.#handler.refused(raw, reason);
    socket.on('error', () => {}); // refused: how it ends is of no interest
    socket.destroy();
  }

  /** With fail_if_no_peer_cert OpenSSL has refused already; without, a client may show none, but not a wrong one. */
  #faultOfPeer(socket: TLSSocket): string | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    if (!socket.authorized) return `the client's certificate was refused (${String(socket.authorizationError)})`;
    const { depth } = this.#options;
    return intermediatesOf(certificate, this.#authorities) > depth ? `more than ${depth} certificates between the client's and a trusted one` : undefined;
  }
}

function contextFor(bySni: ReadonlyMap<string, SecureContext>, name: string): SecureContext | undefined {
  return bySni.get(name) ?? bySni.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`);
}

/** Node.js hands out the TLS socket alone; the one below is what was accepted and counted. */
export function rawSocketOf(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket | null })._parent ?? socket;
}

/** What usually lies behind an error of OpenSSL, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'the client speaks plain HTTP',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the client does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client speaks no version of TLS that is allowed',
  ERR_SSL_NO_SHARED_CIPHER: 'the client knows none of the cipher suites',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client showed no certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the client does not trust the listener's certificate",
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the client asked for a name it does not get',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the client does not trust the listener's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the client does not trust the listener's certificate",
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the handshake took too long',
  ECONNRESET: 'the client left during the handshake',
};

function refusalOf(error: NodeJS.ErrnoException, socket: TLSSocket): string {
  const fault = socket.authorizationError as Error | string | undefined;
  if (fault !== undefined && fault !== null) return `the client's certificate was refused (${String(fault)})`;
  return REFUSALS[error.code ?? ''] ?? error.code ?? error.message;
}

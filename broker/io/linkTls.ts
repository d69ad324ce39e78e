/**
 * TLS between nodes: both sides show a certificate of the same authority. Names in certificates are not compared, for nodes move; that it
 * is the right node is proven by the cookie, over the channel binding of this very connection (R6).
 */
import type { Socket } from 'node:net';
import { connect, createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Address } from '../cluster/ports.ts';
import { HANDSHAKE_MS } from '../cluster/limits.ts';
import { encodeClose } from '../cluster/wire/v1.ts';
import type { LinkTls as LinkTlsConfig } from '../config/clusterConfig.ts';
import { rawSocketOf } from './listeners/tlsFront.ts';
import { readTlsFile } from './tlsFile.ts';

/** RFC 9266. TLS 1.3 only: below, the exporter is unique to a connection only with an extension that need not be there. */
const BINDING_LABEL = 'EXPORTER-Channel-Binding';
const BINDING_BYTES = 32;
const OPTIONS = { minVersion: 'TLSv1.3' } as const;
/** A frame without TLS begins with the high byte of a small length; TLS never does. */
const PLAIN_FIRST_BYTE = 0;
/** Who is refused gets so long to hear why. */
const LINGER_MS = 1_000;

export interface LinkTlsHandler {
  readonly secured: (socket: TLSSocket) => void;
  /** `reason` is for people; it was told to the other side as far as that can hear. */
  readonly refused: (reason: string) => void;
}

interface Files {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly passphrase?: string;
}

export class LinkTls {
  readonly #files: Files;
  readonly #server: Server;
  readonly #handlers = new WeakMap<Socket, LinkTlsHandler>();

  /** Rejects with TLS_FILE_UNREADABLE or TLS_CERTIFICATE_INVALID. */
  static async open({ certificate, cacertfile }: LinkTlsConfig): Promise<LinkTls> {
    const { certfile, keyfile, password } = certificate;
    const [ca, cert, key] = await Promise.all([cacertfile, certfile, keyfile].map(readTlsFile));
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('Invariant broken: three files are read');
    const files = { ca, cert, key, ...(password === undefined ? {} : { passphrase: password }) };
    try {
      createSecureContext({ ...OPTIONS, ...files });
    } catch (cause) {
      throw new BusbarError('TLS_CERTIFICATE_INVALID', `The certificate ${certfile} cannot be used with the key ${keyfile} for links: ${messageOf(cause)}`, {
        details: { certfile, keyfile },
        cause,
      });
    }
    return new LinkTls(files);
  }

  private constructor(files: Files) {
    this.#files = files;
    // It does not listen: sockets are handed to it. A certificate that does not fit is refused here, so that the other side can be told.
    this.#server = createServer({ ...OPTIONS, ...files, requestCert: true, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#handlers.get(rawSocketOf(socket))?.refused(tlsReason(error));
      socket.destroy();
    });
  }

  /** Takes a connection through the handshake, within 5 s. */
  accept(raw: Socket, handler: LinkTlsHandler): void {
    this.#handlers.set(raw, handler);
    const silence = setTimeout(() => raw.destroy(), HANDSHAKE_MS);
    raw.once('close', () => clearTimeout(silence));
    raw.on('error', () => undefined); // told by its close
    raw.once('readable', () => {
      clearTimeout(silence);
      const first = raw.read(1) as Buffer | null;
      if (first === null) return;
      raw.unshift(first);
      if (first[0] === PLAIN_FIRST_BYTE) this.#refuse(raw, raw, 'The other side does not speak TLS', 'This node wants TLS on its links');
      else this.#server.emit('connection', raw);
    });
  }

  #secured(socket: TLSSocket): void {
    const raw = rawSocketOf(socket);
    if (socket.authorized) return this.#handlers.get(raw)?.secured(socket);
    const fault = socket.authorizationError as Error | string | null | undefined;
    const reason = socket.getPeerX509Certificate() === undefined ? NO_CERTIFICATE : (REASONS[String(fault)] ?? String(fault));
    this.#refuse(socket, raw, reason, `The certificate of this node was refused: ${reason}`);
  }

  #refuse(socket: Socket, raw: Socket, reason: string, told: string): void {
    socket.on('error', () => undefined); // refused: how it ends is of no interest
    socket.end(encodeClose({ code: 'CLUSTER_TLS', message: told }));
    const linger = setTimeout(() => raw.destroy(), LINGER_MS);
    raw.once('close', () => clearTimeout(linger));
    this.#handlers.get(raw)?.refused(reason);
  }

  /** Emits `secureConnect` when the other side has shown its certificate. */
  dial({ host, port }: Address): TLSSocket {
    return connect({ ...OPTIONS, ...this.#files, host, port, rejectUnauthorized: true, checkServerIdentity: () => undefined });
  }
}

/** What only the two ends of the connection know. */
export function channelBinding(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0));
}

const NO_CERTIFICATE = 'The other side shows no certificate';
/** Errors of TLS in words, as far as they have usual causes. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'The other side does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The other side does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'The other side does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'The other side does not speak TLS 1.3',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'The other side does not know the authority of the certificate of this node',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The certificate of the other side is of another authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'The certificate of the other side is of another authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'The certificate of the other side is of another authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The certificate of the other side is of no authority',
  CERT_HAS_EXPIRED: 'The certificate of the other side has expired',
  CERT_NOT_YET_VALID: 'The certificate of the other side is not valid yet; compare the clocks',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'The TLS handshake took too long',
};

/** Whether an error comes from TLS rather than from the network below. */
export function isTlsError(error: Error): boolean {
  const code = codeOf(error);
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || Object.hasOwn(REASONS, code);
}

export function tlsReason(error: Error): string {
  // Node.js hangs up without a word on a certificate it does not trust.
  if (codeOf(error) === 'ECONNRESET') return 'The other side left during the TLS handshake; perhaps it does not trust the certificate of this node';
  return REASONS[codeOf(error)] ?? error.message;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/**
 * The handshake of one connection (R6-R9): HELLO both ways, then a proof both ways that the cookie is known, without sending it.
 * The dialling side proves first, so that a stranger who dials us learns nothing that depends on the cookie.
 */
import { unreachable } from '../base/assert.ts';
import { CLOCK_REFUSE_MS } from './limits.ts';
import { isRefusal, refusalOfClose, type Refusal } from './linkEnd.ts';
import type { ClusterOptions, CryptoPort } from './ports.ts';
import { protocolError } from './wire/bytes.ts';
import type { Frame } from './wire/frameReader.ts';
import {
  CHALLENGE_BYTES,
  Kind,
  WIRE_VERSIONS,
  decodeClose,
  decodeHello,
  decodeProve,
  encodeHello,
  encodeProve,
  type Close,
  type Hello,
} from './wire/v1.ts';

export type LinkRole = 'dial' | 'accept';

export type HandshakeStep =
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** The peer knows the cookie. `send` goes out before anything else. */
  | { readonly type: 'proven'; readonly hello: Hello; readonly version: number; readonly send: Buffer | undefined }
  /** `byPeer` when it was the other side that refused. */
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly byPeer: boolean }
  /** The peer ended the connection, and it is nobody's mistake. */
  | { readonly type: 'closed'; readonly message: string }
  /** We dialled ourselves. */
  | { readonly type: 'self' };

/** Highest common version; undefined when the ranges do not meet. */
export function commonVersion(a: Hello['versions'], b: Hello['versions']): number | undefined {
  const version = Math.min(a.max, b.max);
  return version >= Math.max(a.min, b.min) ? version : undefined;
}

/**
 * What a proof signs: role, version, both challenges and both identities, so it is worth nothing on any other connection (R6). Over TLS
 * also what only the two ends of this connection know (RFC 9266): somebody who stands between them with a valid certificate has two
 * connections, and cannot pass the proof of one on to the other.
 */
export function proofText(role: LinkRole, version: number, dialler: Hello, acceptor: Hello, binding?: Uint8Array): Buffer {
  const label = (value: string) => Buffer.from(`${value}\n`, 'utf8');
  return Buffer.concat([
    label('busbar-v1'),
    label(role),
    label(String(version)),
    dialler.challenge,
    acceptor.challenge,
    label(dialler.nodeId),
    label(acceptor.nodeId),
    label(String(dialler.incarnation)),
    label(String(acceptor.incarnation)),
    ...(binding === undefined ? [] : [Buffer.from(binding)]),
  ]);
}

/** Takes the same time wherever the first difference is. */
export function equalProofs(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

export class Handshake {
  readonly #role: LinkRole;
  readonly #options: ClusterOptions;
  readonly #crypto: CryptoPort;
  readonly #own: Hello;
  readonly #binding: Uint8Array | undefined;
  #peer: Hello | undefined;
  #version = 0;

  /** `binding`: the channel binding of TLS, when the connection has one. */
  constructor(role: LinkRole, options: ClusterOptions, crypto: CryptoPort, wallMs: number, binding?: Uint8Array) {
    this.#role = role;
    this.#binding = binding;
    this.#options = options;
    this.#crypto = crypto;
    const { nodeId, name, incarnation, nonce } = options.identity;
    const challenge = crypto.randomBytes(CHALLENGE_BYTES);
    this.#own = {
      versions: WIRE_VERSIONS,
      clusterName: options.clusterName,
      nodeId,
      name,
      incarnation,
      nonce,
      wallMs,
      challenge,
    };
  }

  /** Who the other side says it is; not proven before the step `proven`. */
  get claimed(): Hello | undefined {
    return this.#peer;
  }

  /** The first bytes of the dialling side; the accepting side waits for them. */
  hello(): Buffer {
    return encodeHello(this.#own);
  }

  /** One frame of the peer. Throws CLUSTER_PROTOCOL for a frame that has no place here. */
  frame(frame: Frame): HandshakeStep {
    switch (frame.kind) {
      case Kind.close:
        return this.#onClose(decodeClose(frame.body));
      case Kind.hello:
        return this.#onHello(decodeHello(frame.body));
      case Kind.prove:
        return this.#onProve(decodeProve(frame.body));
      default:
        throw protocolError(`Frame kind ${frame.kind} before the proof`);
    }
  }

  #onClose(close: Close): HandshakeStep {
    if (!isRefusal(close.code)) return { type: 'closed', message: close.message };
    return { type: 'refused', refusal: refusalOfClose(close), byPeer: true };
  }

  #onHello(peer: Hello): HandshakeStep {
    if (this.#peer !== undefined) throw protocolError('A second HELLO');
    this.#peer = peer;
    const own = this.#own;
    if (this.#role === 'dial' && peer.nodeId === own.nodeId && peer.nonce === own.nonce) return { type: 'self' };
    const version = commonVersion(own.versions, peer.versions);
    if (version === undefined) return { type: 'refused', refusal: this.#noCommonVersion(peer), byPeer: false };
    const objection = this.#objection(peer);
    if (objection !== undefined) return { type: 'refused', refusal: objection, byPeer: false };
    this.#version = version;
    switch (this.#role) {
      case 'accept':
        return { type: 'send', bytes: this.hello() };
      case 'dial':
        return { type: 'send', bytes: this.#prove(own, peer) };
      default:
        return unreachable(this.#role);
    }
  }

  #noCommonVersion(peer: Hello): Refusal {
    const own = this.#own;
    const range = ({ min, max }: Hello['versions']) => `${min} to ${max}`;
    return {
      code: 'CLUSTER_VERSION',
      message: `${peer.name} speaks wire versions ${range(peer.versions)}, ${own.name} ${range(own.versions)}`,
    };
  }

  /** What can be refused without the proof: another cluster, a mad clock (R7, R9). */
  #objection(peer: Hello): Refusal | undefined {
    const own = this.#own;
    if (peer.clusterName !== own.clusterName) {
      return {
        code: 'CLUSTER_WRONG_NAME',
        message: `${peer.name} belongs to cluster "${peer.clusterName}", ${own.name} to "${own.clusterName}"`,
      };
    }
    if (Math.abs(peer.wallMs - own.wallMs) > CLOCK_REFUSE_MS) {
      return {
        code: 'CLUSTER_CLOCK_TOO_FAR',
        message: `The clock of ${peer.name} stands at ${peer.wallMs} ms, that of ${own.name} at ${own.wallMs} ms`,
      };
    }
    return undefined;
  }

  #sign(role: LinkRole, dialler: Hello, acceptor: Hello): Uint8Array {
    return this.#crypto.hmacSha256(this.#options.cookie, proofText(role, this.#version, dialler, acceptor, this.#binding));
  }

  #prove(dialler: Hello, acceptor: Hello): Buffer {
    return encodeProve(this.#sign(this.#role, dialler, acceptor));
  }

  #onProve(proof: Buffer): HandshakeStep {
    const peer = this.#peer;
    if (peer === undefined) throw protocolError('A proof before HELLO');
    const own = this.#own;
    const [dialler, acceptor] = this.#role === 'dial' ? [own, peer] : [peer, own];
    const peerRole: LinkRole = this.#role === 'dial' ? 'accept' : 'dial';
    const expected = this.#sign(peerRole, dialler, acceptor);
    if (!equalProofs(expected, proof)) {
      const message = `${peer.name} has another cookie than ${own.name}`;
      return { type: 'refused', refusal: { code: 'CLUSTER_WRONG_COOKIE', message }, byPeer: false };
    }
    const send = this.#role === 'accept' ? this.#prove(dialler, acceptor) : undefined;
    return { type: 'proven', hello: peer, version: this.#version, send };
  }
}

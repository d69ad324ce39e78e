/** The byte stream to a broker: TCP, TLS, WebSocket, or WebSocket over TLS. */
import { connect as connectTcp, isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import WebSocket, { createWebSocketStream } from 'ws';
import type { Scheme } from '../contract/connectionParts.ts';
import { isTls, isWebSocket } from '../contract/connectionRules.ts';
import { failureText, KnownFailure } from './connectFailure.ts';

export interface StreamTarget {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** Of WebSockets. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `mqttv3.1` for MQTT 3.1, else `mqtt` [MQTT-6.0.0-3]. */
  readonly subprotocol: string;
  readonly tls: ConnectionOptions;
  /** To the end of the WebSocket handshake. */
  readonly limitMs: number;
}

/**
 * Opens the stream; what fails comes as its error and to `onFailure`, which MQTT.js keeps some errors from, never as a throw: MQTT.js calls
 * this inside a timer of its own.
 */
export function openBrokerStream(resolve: () => StreamTarget, onFailure: (error: Error) => void): Duplex {
  try {
    const target = resolve();
    return isWebSocket(target.scheme) ? openWebSocket(target, onFailure) : openSocket(target, onFailure);
  } catch (error) {
    const failed = new Duplex({ construct: (done) => done(error as Error), read: () => undefined, write: (_chunk, _encoding, done) => done() });
    return failed.on('error', onFailure);
  }
}

function openSocket({ scheme, host, port, tls }: StreamTarget, onFailure: (error: Error) => void): Duplex {
  if (!isTls(scheme)) {
    const socket = connectTcp({ host, port });
    socket.on('error', onFailure);
    return socket.setNoDelay(true);
  }
  const socket = connectTls({ ...(isIP(host) === 0 && { servername: host }), ...tls, host, port });
  let secure = false;
  socket.on('secureConnect', () => (secure = true));
  socket.on('error', (error) => onFailure(secure ? error : unless(error, 'notTls')));
  return socket.setNoDelay(true);
}

function openWebSocket({ scheme, host, port, path, headers, subprotocol, tls, limitMs }: StreamTarget, onFailure: (error: Error) => void): Duplex {
  const name = host.includes(':') ? `[${host}]` : host;
  const socket = new WebSocket(`${scheme}://${name}:${port}${path}`, [subprotocol], { ...tls, headers, handshakeTimeout: limitMs, perMessageDeflate: false });
  socket.on('error', (error) => onFailure(unless(error, scheme === 'ws' ? 'notWebSocket' : 'closed')));
  const stream = createWebSocketStream(socket);
  // Its error is told above; without a listener it would end the process once MQTT.js lets the stream go.
  stream.on('error', () => undefined);
  socket.on('close', () => stream.destroy());
  return stream;
}

/** Somebody who hangs up in the middle of a handshake does not speak its language. */
function unless(error: Error, handshake: 'notTls' | 'notWebSocket' | 'closed'): Error {
  return failureText(error).failure === 'closed' ? new KnownFailure(handshake) : error;
}

/**
 * The HTTP request before a WebSocket (RFC 6455, section 4.2). Node's HTTP parser reads it; what it may ask for, and how large and slow
 * it may be, is bounded here.
 */
import { createHash } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { WebSocketOptions } from '../../../config/listenerConfig.ts';
import type { ProxySource } from '../../accept/proxyHeader.ts';
import { WebSocketStream } from './webSocketStream.ts';

/** RFC 6455, section 1.3. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_REQUEST_BYTES = 8_192;
const MAX_HEADERS = 64;

export interface WebSocketFrontHandler {
  /** `forwarded`: whom a proxy named in a header that is believed. */
  upgraded(stream: WebSocketStream, socket: Socket, forwarded: ProxySource | undefined): void;
  /** The request was refused; its socket is being closed. */
  refused(socket: Socket, reason: string): void;
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class WebSocketFront {
  readonly #server: Server;
  readonly #options: WebSocketOptions;
  readonly #handler: WebSocketFrontHandler;

  constructor(options: WebSocketOptions, handler: WebSocketFrontHandler) {
    this.#options = options;
    this.#handler = handler;
    // It does not listen: accepted sockets are handed to it. How long a request may take is the listener's to watch.
    this.#server = createServer({ maxHeaderSize: MAX_REQUEST_BYTES });
    this.#server.maxHeadersCount = MAX_HEADERS;
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => this.#upgrade(request, socket, head));
    this.#server.on('request', (request) => this.#refuse(request.socket, this.#refusalOfPlain(request)));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#refuse(socket as Socket, { status: error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, reason: 'the request is not HTTP' });
    });
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const offered = subprotocolsOf(request);
    const subprotocol = offered.find((name) => this.#options.supportedSubprotocols.includes(name));
    const refusal = this.#refusalOf(request, offered, subprotocol);
    if (refusal !== undefined) return this.#refuse(socket, refusal);
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}${KEY_SUFFIX}`).digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]), // [MQTT-6.0.0-4]
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const { maxFrameSize, idleTimeoutMs } = this.#options;
    this.#handler.upgraded(new WebSocketStream({ socket, head, maxFrameSize, idleTimeoutMs }), socket, this.#forwardedBy(request, socket));
  }

  #refusalOf(request: IncomingMessage, offered: readonly string[], subprotocol: string | undefined): Refusal | undefined {
    const { headers, method } = request;
    if (!this.#isOurPath(request)) return { status: 404, reason: `MQTT is not spoken at ${pathOf(request)}` };
    if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return { status: 400, reason: 'this is no request for a WebSocket' };
    if (headers['sec-websocket-version'] !== '13')
      return { status: 426, reason: 'the version of WebSocket is not 13', headers: { 'Sec-WebSocket-Version': '13' } };
    if (!/^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')) return { status: 400, reason: 'Sec-WebSocket-Key is not one' };
    if (!this.#passesOriginCheck(headers.origin)) return { status: 403, reason: 'the origin is not allowed' };
    // [MQTT-6.0.0-3]: a client that offers other protocols wants something else.
    if (offered.length === 0 ? this.#options.failIfNoSubprotocol : subprotocol === undefined)
      return { status: 400, reason: 'the sub-protocol mqtt is not offered' };
    return undefined;
  }

  #refusalOfPlain(request: IncomingMessage): Refusal {
    if (!this.#isOurPath(request)) return { status: 404, reason: `MQTT is not spoken at ${pathOf(request)}` };
    return { status: 426, reason: 'this is no request for a WebSocket', headers: { Upgrade: 'websocket' } };
  }

  #isOurPath(request: IncomingMessage): boolean {
    return pathOf(request) === this.#options.mqttPath;
  }

  #passesOriginCheck(origin: string | undefined): boolean {
    const { checkOrigin, allowOriginAbsence, checkOrigins } = this.#options;
    if (!checkOrigin) return true;
    return origin === undefined ? allowOriginAbsence : checkOrigins.includes(origin);
  }

  /** Of several proxies in a row, the last one before us is ours: it wrote the end of the list. */
  #forwardedBy({ headers }: IncomingMessage, socket: Socket): ProxySource | undefined {
    const { proxyAddressHeader, proxyPortHeader } = this.#options;
    const lastOf = (name: string) => (name === '' ? undefined : [headers[name]].flat().join(',').split(',').at(-1)?.trim());
    const host = lastOf(proxyAddressHeader);
    if (host === undefined || isIP(host) === 0) return undefined;
    const port = Number(lastOf(proxyPortHeader) ?? '');
    return { host, port: port > 0 && port <= 65_535 ? port : (socket.remotePort ?? 0), commonName: undefined };
  }

  #refuse(socket: Socket, { status, reason, headers = {} }: Refusal): void {
    this.#handler.refused(socket, reason);
    socket.on('error', () => {}); // it is being refused; how it ends is of no interest
    if (!socket.writable) return void socket.destroy();
    const body = `${reason}\n`;
    const all = { ...headers, 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(Buffer.byteLength(body)), 'Connection': 'close' };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    // Reset rather than linger: a client that goes on sending is of no interest.
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function subprotocolsOf({ headers }: IncomingMessage): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

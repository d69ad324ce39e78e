/** A plain socket that carries what is written to it in WebSocket frames, and takes the frames off what it reads. Knows binary frames only. */
import { Socket } from 'node:net';
import { upgradeRequest } from '../../support/webSocketRequest.ts';
import type { OnBytes } from './rawClient.ts';

const END_OF_HEAD = '\r\n\r\n';
const BINARY_FINAL = 0x82;
const MASKED = 0x80;
const SHORT = 126;
const LONG = 127;
/** A mask of zeros leaves the payload as it is; the server takes it off all the same. */
const MASK_BYTES = 4;
const MAX_SHORT = 125;
const MAX_MIDDLE = 0xffff;

export class WebSocketClient extends Socket {
  #upgraded = false;
  #head = '';
  #header: number[] = [];
  #payloadLeft = 0;

  /** `onBytes` gets what the frames carry; the bytes are valid during the call only. */
  constructor(readBuffer: Buffer, onBytes: OnBytes) {
    super({ onread: { buffer: readBuffer, callback: (length, buffer) => this.#received(buffer as Buffer, length, onBytes) } });
  }

  /** To be called once, behind `connect`, before anything else is written. */
  upgrade(): void {
    // `connect` puts the write of plain sockets on the object itself.
    Reflect.deleteProperty(this, 'write');
    super.write(upgradeRequest());
    this.#upgraded = true;
  }

  override write(bytes: Uint8Array | string): boolean {
    return super.write(this.#upgraded && typeof bytes !== 'string' ? frame(bytes) : bytes);
  }

  override end(bytes?: unknown): this {
    if (bytes instanceof Uint8Array) this.write(bytes);
    return super.end();
  }

  #received(buffer: Buffer, length: number, onBytes: OnBytes): boolean {
    let at = this.#head.endsWith(END_OF_HEAD) ? 0 : this.#readHead(buffer, length);
    while (at < length) {
      if (this.#payloadLeft === 0) {
        this.#header.push(buffer[at] as number);
        at += 1;
        this.#payloadLeft = this.#payloadLength();
        continue;
      }
      const taken = Math.min(this.#payloadLeft, length - at);
      this.#payloadLeft -= taken;
      onBytes(buffer.subarray(at, at + taken), taken);
      at += taken;
    }
    return true;
  }

  #readHead(buffer: Buffer, length: number): number {
    for (let at = 0; at < length; at += 1) {
      this.#head += String.fromCharCode(buffer[at] as number);
      if (this.#head.endsWith(END_OF_HEAD)) return at + 1;
    }
    return length;
  }

  /** 0 while the header is not whole. */
  #payloadLength(): number {
    const [, kind = 0, ...more] = this.#header;
    const wanted = kind === SHORT ? 2 : kind === LONG ? 8 : 0;
    if (this.#header.length < 2 + wanted) return 0;
    this.#header = [];
    return wanted === 0 ? kind : more.reduce((sum, byte) => sum * 256 + byte, 0);
  }
}

function frame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const extra = length <= MAX_SHORT ? 0 : length <= MAX_MIDDLE ? 2 : 8;
  const start = 2 + extra + MASK_BYTES;
  const bytes = Buffer.allocUnsafe(start + length);
  bytes[0] = BINARY_FINAL;
  bytes[1] = MASKED | (extra === 0 ? length : extra === 2 ? SHORT : LONG);
  if (extra === 2) bytes.writeUInt16BE(length, 2);
  else if (extra === 8) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.fill(0, 2 + extra, start);
  bytes.set(payload, start);
  return bytes;
}

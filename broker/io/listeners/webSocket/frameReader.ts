/**
 * Frames of a WebSocket client (RFC 6455, section 5) as they come in, however they are cut. Payload is handed on as it arrives, so a
 * frame costs no memory whatever its length: MQTT does not care where frames begin or end [MQTT-6.0.0-2].
 */

/** Why the connection is failed, as RFC 6455 section 7.4.1 numbers it. */
export const CLOSE = { normal: 1000, goingAway: 1001, protocolError: 1002, unsupportedData: 1003, tooBig: 1009 } as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

export interface FrameSink {
  /** Bytes of a binary message, unmasked in place. */
  onPayload(bytes: Buffer): void;
  onPing(payload: Buffer): void;
  /** `code` is undefined when the client gave none. */
  onClose(code: number | undefined): void;
  /** The client broke a rule; nothing more is read. */
  onViolation(code: CloseCode, reason: string): void;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Two bytes, eight of a long length, four of the mask. */
const MAX_HEADER_BYTES = 14;
/** Ours are not masked. */
export const MAX_OWN_HEADER_BYTES = 10;
const MAX_CONTROL_BYTES = 125;
/** From this size on it pays to look at four bytes at a time. */
const MIN_BYTES_BY_WORDS = 256;
const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;

export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrameSize: number;
  /** A header that came in pieces; null while none is. */
  #header: Buffer | null = null;
  #headerLength = 0;
  #opcode = 0;
  /** Of the payload of the current frame, what has not come; -1 = a header is next. */
  #remaining = -1;
  readonly #mask = new Uint8Array(4);
  #maskAt = 0;
  /** Within a message of several frames: only continuations may follow. */
  #fragmented = false;
  /** A control frame is small and handed on whole; null outside of one. */
  #control: Buffer | null = null;
  #stopped = false;

  constructor(sink: FrameSink, maxFrameSize: number) {
    this.#sink = sink;
    this.#maxFrameSize = maxFrameSize;
  }

  /** Nothing that comes later is looked at. */
  stop(): void {
    this.#stopped = true;
  }

  /** Takes a chunk that nobody else uses: payload is unmasked in it. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#remaining === -1 ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at);
    }
  }

  #readHeader(chunk: Buffer, start: number): number {
    if (this.#header === null) {
      const length = headerLength(chunk, start, chunk.length - start);
      if (length <= chunk.length - start) {
        this.#begin(chunk, start, length);
        return start + length;
      }
      this.#header = Buffer.allocUnsafe(MAX_HEADER_BYTES);
      this.#headerLength = 0;
    }
    // In pieces: byte by byte, at most fourteen of them.
    let at = start;
    const header = this.#header;
    while (at < chunk.length) {
      header[this.#headerLength] = chunk[at] as number;
      this.#headerLength += 1;
      at += 1;
      const length = headerLength(header, 0, this.#headerLength);
      if (this.#headerLength < length) continue;
      this.#header = null;
      this.#begin(header, 0, length);
      break;
    }
    return at;
  }

  /** The header [start, start + length) is complete. */
  #begin(bytes: Buffer, start: number, length: number): void {
    const first = bytes[start] as number;
    const second = bytes[start + 1] as number;
    const short = second & 0x7f;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(start + 2) : Number(bytes.readBigUInt64BE(start + 2));
    const problem = this.#problemOf(first, second, size);
    if (problem !== undefined) return this.#fail(problem[0], problem[1]);
    const opcode = first & 0x0f;
    this.#opcode = opcode;
    if (opcode < OPCODE.close) this.#fragmented = (first & FIN) === 0;
    else this.#control = Buffer.allocUnsafe(size);
    const maskAt = start + length - 4;
    for (let index = 0; index < 4; index += 1) this.#mask[index] = bytes[maskAt + index] as number;
    this.#maskAt = 0;
    this.#remaining = size;
    if (size === 0) this.#endFrame();
  }

  #problemOf(first: number, second: number, size: number): readonly [CloseCode, string] | undefined {
    const opcode = first & 0x0f;
    if ((first & RESERVED) !== 0) return [CLOSE.protocolError, 'a reserved bit is set'];
    if ((second & MASKED) === 0) return [CLOSE.protocolError, 'the frame is not masked']; // section 5.1
    if (opcode >= OPCODE.close) {
      if (opcode > OPCODE.pong) return [CLOSE.protocolError, `there is no opcode ${opcode}`];
      if ((first & FIN) === 0 || size > MAX_CONTROL_BYTES) return [CLOSE.protocolError, 'a control frame is long or in pieces'];
      return undefined;
    }
    if (opcode === OPCODE.text) return [CLOSE.unsupportedData, 'the frame is text']; // [MQTT-6.0.0-1]
    if (opcode > OPCODE.binary) return [CLOSE.protocolError, `there is no opcode ${opcode}`];
    if (this.#fragmented !== (opcode === OPCODE.continuation)) return [CLOSE.protocolError, 'frames of messages are mixed']; // section 5.4
    return size > this.#maxFrameSize ? [CLOSE.tooBig, `the frame has ${size} bytes`] : undefined;
  }

  #readPayload(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#remaining);
    this.#unmask(chunk, start, end);
    const control = this.#control;
    if (control !== null) chunk.copy(control, control.length - this.#remaining, start, end);
    this.#remaining -= end - start;
    if (control === null) this.#sink.onPayload(chunk.subarray(start, end));
    if (this.#remaining === 0) this.#endFrame();
    return end;
  }

  #unmask(bytes: Buffer, start: number, end: number): void {
    const behindWords = end - start < MIN_BYTES_BY_WORDS ? start : this.#unmaskWords(bytes, start, end);
    this.#unmaskBytes(bytes, behindWords, end);
  }

  #unmaskBytes(bytes: Buffer, start: number, end: number): void {
    const mask = this.#mask;
    let phase = this.#maskAt;
    for (let at = start; at < end; at += 1) {
      bytes[at] = (bytes[at] as number) ^ (mask[phase] as number);
      phase = (phase + 1) & 3;
    }
    this.#maskAt = phase;
  }

  /** Four bytes at a time, as far as they go; answers with the place behind them. */
  #unmaskWords(bytes: Buffer, start: number, end: number): number {
    const first = start + (-(bytes.byteOffset + start) & 3);
    this.#unmaskBytes(bytes, start, first);
    const phase = this.#maskAt;
    const turned = Uint8Array.from([0, 1, 2, 3], (index) => this.#mask[(index + phase) & 3] as number);
    const word = new Int32Array(turned.buffer)[0] as number;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, (end - first) >> 2);
    for (let index = 0; index < words.length; index += 1) words[index] = (words[index] as number) ^ word;
    return first + words.length * 4;
  }

  #endFrame(): void {
    this.#remaining = -1;
    const control = this.#control;
    this.#control = null;
    if (control === null || this.#stopped) return;
    if (this.#opcode === OPCODE.ping) return this.#sink.onPing(control);
    if (this.#opcode !== OPCODE.close) return; // a pong nobody waits for
    if (control.length === 1) return this.#fail(CLOSE.protocolError, 'half a close code');
    this.#stopped = true;
    this.#sink.onClose(control.length === 0 ? undefined : control.readUInt16BE(0));
  }

  #fail(code: CloseCode, reason: string): void {
    this.#stopped = true;
    this.#sink.onViolation(code, reason);
  }
}

/** How long the header is of which `available` bytes are at `start`; as far as they tell, at least two. */
function headerLength(bytes: Buffer, start: number, available: number): number {
  if (available < 2) return 2;
  const second = bytes[start + 1] as number;
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & MASKED) === 0 ? 0 : 4);
}

/** The header of a frame of ours: complete, not masked. */
export function frameHeader(opcode: number, size: number): Buffer {
  const header = Buffer.alloc(MAX_OWN_HEADER_BYTES);
  return header.subarray(0, writeFrameHeader(header, opcode, size));
}

/** Puts it at the start of `target` and answers with its length. */
export function writeFrameHeader(target: Buffer, opcode: number, size: number): number {
  target[0] = FIN | opcode;
  if (size < 126) {
    target[1] = size;
    return 2;
  }
  if (size < 0x1_0000) {
    target[1] = 126;
    target[2] = size >> 8;
    target[3] = size & 0xff;
    return 4;
  }
  target[1] = 127;
  target.writeUInt32BE(Math.floor(size / 0x1_0000_0000), 2);
  target.writeUInt32BE(size % 0x1_0000_0000, 6);
  return MAX_OWN_HEADER_BYTES;
}

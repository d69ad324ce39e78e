/** Reads the fields of one packet. The first violation is kept and ends the reading: what follows gets empty values. */
import type { MqttVersion } from './packet.ts';
import { isDiscouraged, utf8Problem } from './utf8.ts';
import { RULES, violationOf, type Rule, type Violation } from './violations.ts';

const EMPTY = new Uint8Array(0);
const NO_BYTES = Buffer.alloc(0);

/**
 * One reader serves all packets of a process in turn: `begin` points it at a packet, and nothing it returns refers to the
 * bytes afterwards, except what `view` returns.
 */
export class ByteReader {
  bytes: Buffer = NO_BYTES;
  position = 0;
  end = 0;
  version: MqttVersion = 4;
  /** CONNECT has told `version`. */
  versionRead = false;
  violation: Violation | undefined = undefined;
  /** Strings with characters that the standards advise against are malformed. */
  strict = false;

  /** Points at the body of a packet: the `end - start` bytes behind the fixed header. */
  begin(bytes: Buffer, start: number, end: number, version: MqttVersion): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.version = version;
    this.versionRead = false;
    this.violation = undefined;
  }

  /** Lets go of the bytes, so that a large packet does not live until the next one. */
  finish(): void {
    this.bytes = NO_BYTES;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  fail(rule: Rule, detail = ''): void {
    this.violation ??= violationOf(rule, this.version, detail);
    this.position = this.end;
  }

  byte(): number {
    if (this.position + 1 > this.end) return this.#truncated();
    const value = this.bytes[this.position]!;
    this.position += 1;
    return value;
  }

  u16(): number {
    if (this.position + 2 > this.end) return this.#truncated();
    const value = (this.bytes[this.position]! << 8) | this.bytes[this.position + 1]!;
    this.position += 2;
    return value;
  }

  u32(): number {
    if (this.position + 4 > this.end) return this.#truncated();
    const value = this.bytes.readUInt32BE(this.position);
    this.position += 4;
    return value;
  }

  /** A variable byte integer. 5.0 only, and therefore in its shortest form [MQTT-1.5.5-1]. */
  variableByteInteger(): number {
    let value = 0;
    for (let index = 0; index < 4; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * 128 ** index;
      if (byte < 0x80) {
        if (byte === 0 && index > 0) this.fail(RULES.lengthNotShortest);
        return value;
      }
    }
    this.fail(RULES.variableByteInteger);
    return 0;
  }

  /** A UTF-8 string. `field` names it in the violation. */
  string(field: string): string {
    const length = this.u16();
    const start = this.position;
    if (length > this.remaining) {
      this.fail(RULES.truncated, field);
      return '';
    }
    this.position += length;
    const problem = utf8Problem(this.bytes, start, this.position) ?? (this.strict && isDiscouraged(this.bytes, start, this.position) ? 'discouragedCharacter' : undefined);
    if (problem === undefined) return this.bytes.toString('utf8', start, this.position);
    this.fail(RULES[problem], field);
    return '';
  }

  /** Binary data, copied: it may outlive the buffer it was read from. */
  binary(field: string): Uint8Array {
    const length = this.u16();
    if (length > this.remaining) {
      this.fail(RULES.truncated, field);
      return EMPTY;
    }
    const start = this.position;
    this.position += length;
    return new Uint8Array(this.bytes.subarray(start, this.position));
  }

  /** All bytes up to the end, not copied. */
  view(): Uint8Array {
    if (this.position === this.end) return EMPTY;
    const start = this.position;
    this.position = this.end;
    return this.bytes.subarray(start, this.end);
  }

  #truncated(): number {
    this.fail(RULES.truncated);
    return 0;
  }
}

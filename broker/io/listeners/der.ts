/** As much of DER (ITU-T X.690) as a certificate needs. */

export type Der = Buffer;

const tagged = (tag: number, ...parts: readonly Uint8Array[]): Der => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
};

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...items: readonly Der[]): Der => tagged(0x30, ...items);
export const set = (...items: readonly Der[]): Der => tagged(0x31, ...items);
export const octetString = (content: Uint8Array): Der => tagged(0x04, content);
export const utf8String = (text: string): Der => tagged(0x0c, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
/** `unused` bits at the end do not count. */
export const bitString = (content: Uint8Array, unused = 0): Der => tagged(0x03, Buffer.from([unused]), content);
/** Of a kind that the place where it stands defines: `[number]`, constructed or not. */
export const context = (number: number, content: Uint8Array, constructed = true): Der => tagged((constructed ? 0xa0 : 0x80) | number, content);

/** Not negative, given as bytes. */
export function integer(bytes: Uint8Array): Der {
  return (bytes[0] ?? 0) >= 0x80 ? tagged(0x02, Buffer.from([0]), bytes) : tagged(0x02, bytes);
}

/** `2.5.4.3` */
export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...rest]) {
    const digits = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128));
    bytes.push(...digits);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** RFC 5280, 4.1.2.5: two digits of the year until 2049, four from then on. */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z').replace(/[-:T]/g, '');
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

import { describe, expect, it } from 'vitest';
import { FrameReader, frameHeader, OPCODE } from './frameReader.ts';

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A frame as a client sends it. */
function frame(opcode: number, payload: string | Buffer, { fin = true, masked = true, reserved = 0 } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const header = frameHeader(opcode, bytes.length);
  header[0] = (fin ? 0x80 : 0) | reserved | opcode;
  if (!masked) return Buffer.concat([header, bytes]);
  header[1] = (header[1] as number) | 0x80;
  return Buffer.concat([header, MASK, bytes.map((byte, index) => byte ^ (MASK[index % 4] as number))]);
}

/** What the reader tells of the chunks, payload joined. */
function read(chunks: readonly Buffer[], maxFrameSize = Number.POSITIVE_INFINITY) {
  const told = { payload: '', pings: [] as string[], closes: [] as (number | undefined)[], violations: [] as (number | string)[] };
  const reader = new FrameReader(
    {
      onPayload: (bytes) => (told.payload += bytes.toString('latin1')),
      onPing: (payload) => told.pings.push(payload.toString('latin1')),
      onClose: (code) => told.closes.push(code),
      onViolation: (code, reason) => told.violations.push(code, reason),
    },
    maxFrameSize,
  );
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return told;
}

const NOTHING = { payload: '', pings: [], closes: [], violations: [] };

describe('frames of a WebSocket client', () => {
  const long = 'x'.repeat(300);
  const huge = 'y'.repeat(70_000);
  const stream = Buffer.concat([
    frame(OPCODE.binary, 'one'),
    frame(OPCODE.binary, 'tw', { fin: false }),
    frame(OPCODE.ping, 'now'),
    frame(OPCODE.continuation, 'o', { fin: false }),
    frame(OPCODE.continuation, ''),
    frame(OPCODE.pong, 'unasked'),
    frame(OPCODE.binary, long),
    frame(OPCODE.close, Buffer.from([0x03, 0xe8])),
    frame(OPCODE.binary, 'after the end'),
  ]);
  const expected = { payload: `onetwo${long}`, pings: ['now'], closes: [1000], violations: [] };

  it('give the same whole, in two pieces cut at any byte, and byte by byte', () => {
    for (let at = 0; at <= stream.length; at += 1) expect(read([stream.subarray(0, at), stream.subarray(at)]), `cut at ${at}`).toEqual(expected);
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('may have a length of eight bytes', () => {
    expect(read([frame(OPCODE.binary, huge)])).toEqual({ ...NOTHING, payload: huge });
  });

  it('may close without saying why', () => {
    expect(read([frame(OPCODE.close, '')])).toEqual({ ...NOTHING, closes: [undefined] });
  });

  it.each([
    ['text [MQTT-6.0.0-1]', frame(OPCODE.text, 'x'), 1003, 'the frame is text'],
    ['not masked', frame(OPCODE.binary, 'x', { masked: false }), 1002, 'the frame is not masked'],
    ['with a reserved bit', frame(OPCODE.binary, 'x', { reserved: 0x40 }), 1002, 'a reserved bit is set'],
    ['of an unknown kind', frame(3, 'x'), 1002, 'there is no opcode 3'],
    ['of an unknown kind of control', frame(11, 'x'), 1002, 'there is no opcode 11'],
    ['a continuation of nothing', frame(OPCODE.continuation, 'x'), 1002, 'frames of messages are mixed'],
    ['a control frame in pieces', frame(OPCODE.ping, 'x', { fin: false }), 1002, 'a control frame is long or in pieces'],
    ['a long control frame', frame(OPCODE.ping, 'x'.repeat(126)), 1002, 'a control frame is long or in pieces'],
    ['half a close code', frame(OPCODE.close, 'x'), 1002, 'half a close code'],
    ['longer than allowed', frame(OPCODE.binary, 'x'.repeat(11)), 1009, 'the frame has 11 bytes'],
  ])('are refused when they are %s', (_what, bytes, code, reason) => {
    expect(read([bytes, frame(OPCODE.binary, 'more')], 10)).toEqual({ ...NOTHING, violations: [code, reason] });
  });

  it('are refused when a message begins within another', () => {
    const bytes = Buffer.concat([frame(OPCODE.binary, 'a', { fin: false }), frame(OPCODE.binary, 'b')]);
    expect(read([bytes])).toEqual({ ...NOTHING, payload: 'a', violations: [1002, 'frames of messages are mixed'] });
  });
});

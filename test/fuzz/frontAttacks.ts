/** Attacks on what stands before MQTT: the upgrade and the frames of WebSocket, the handshake of TLS, the header of a proxy. */
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { within } from '../support/waitFor.ts';
import type { Attack, AttackContext } from './attacks.ts';
import { drawCase, plainConnect } from './cases.ts';
import { Draw } from './draw.ts';
import { mutate } from './mutate.ts';
import { RawClient } from './rawClient.ts';

const LANES = 6;
/** A connection is looked at for so long before the next one is made. */
const LOOK_MS = 30;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const UPGRADE = [
  'GET /mqtt HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: mqtt',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

/** A frame as clients send it; the length may be a lie. */
function webSocketFrame(draw: Draw, payload: Buffer): Buffer {
  const opcode = draw.chance(4) ? draw.below(16) : 2;
  const flags = draw.chance(6) ? draw.below(16) << 4 : 0x80;
  const claimed = draw.chance(8) ? draw.edge() : payload.length;
  const length = claimed < 126 ? [claimed] : [126, claimed >> 8, claimed & 0xff];
  const mask = draw.bytes(4);
  const body = payload.map((byte, index) => byte ^ (mask[index % 4] as number));
  const masked = draw.chance(10) ? 0 : 0x80;
  return Buffer.concat([Buffer.from([flags | opcode, masked | (length[0] as number), ...length.slice(1)]), mask, body]);
}

function inFrames(draw: Draw, bytes: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + draw.below(draw.pick([5, 500, 50_000])));
    frames.push(webSocketFrame(draw, bytes.subarray(at, end)));
    at = end;
  }
  return Buffer.concat(frames);
}

/** Connects again and again, sends what `draw` makes of it, and leaves in one way or another. */
async function pester({ draw, untilMs }: AttackContext, port: number, bytesOf: (draw: Draw) => Buffer): Promise<readonly string[]> {
  let index = 0;
  const lane = async () => {
    while (performance.now() < untilMs) {
      const own = Draw.ofCase(draw.below(0x7fff_ffff), (index += 1));
      const client = await RawClient.open(port);
      for (const chunk of own.cut(bytesOf(own))) client.send(chunk);
      await pause(LOOK_MS);
      if (own.chance(2)) client.socket.resetAndDestroy();
      else client.destroy();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return [];
}

const webSocket: Attack = (context) =>
  pester(context, context.target.wsPort, (draw) => {
    const request = Buffer.from(UPGRADE, 'latin1');
    if (draw.chance(3)) return mutate(request, draw);
    if (draw.chance(6)) return draw.bytes(draw.below(2_000));
    const frames = inFrames(draw, Buffer.concat(drawCase(draw).chunks));
    return Buffer.concat([request, draw.chance(3) ? mutate(frames, draw) : frames]);
  });

const brokenHandshakes: Attack = (context) =>
  pester(context, context.target.tlsPort, (draw) => {
    const hello = Buffer.concat([Buffer.from('16030100', 'hex'), Buffer.of(draw.below(256)), Buffer.from('010000', 'hex'), draw.bytes(draw.below(300))]);
    return draw.pick([hello, draw.bytes(1 + draw.below(500)), Buffer.from('GET / HTTP/1.1\r\n\r\n'), encodePacket(plainConnect(4, 'no-tls'), 4)]);
  });

/** TLS done right, and then what is done to plain connections. */
const insideTls: Attack = async ({ target, draw, untilMs }) => {
  for (let index = 0; performance.now() < untilMs; index += 1) {
    const own = Draw.ofCase(draw.below(0x7fff_ffff), index);
    const socket = connectTls({ host: '127.0.0.1', port: target.tlsPort, rejectUnauthorized: false });
    socket.on('error', () => {}); // being thrown out is expected
    await within('a TLS handshake', once(socket, 'secureConnect'), 20_000);
    for (const chunk of drawCase(own).chunks.slice(0, 100)) socket.write(chunk);
    await pause(LOOK_MS);
    socket.destroy();
  }
  return [];
};

const PROXY_HEADERS = [Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 4711 1883\r\n'), Buffer.from('0d0a0d0a000d0a515549540a2111000cc00002017f000001d431075b', 'hex')];

const proxyHeaders: Attack = (context) =>
  pester(context, context.target.proxyPort, (draw) => {
    const header = draw.pick(PROXY_HEADERS);
    return Buffer.concat([draw.chance(3) ? header : mutate(header, draw), ...drawCase(draw).chunks]);
  });

export const FRONT_ATTACKS: Readonly<Record<string, Attack>> = { webSocket, brokenHandshakes, insideTls, proxyHeaders };

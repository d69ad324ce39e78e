/** Cases that once went wrong, as bytes: each is played before anything is drawn. A new one comes with the fix of what it found. */
import type { MqttVersion } from '../../../broker/protocol/packet.ts';
import { wire } from '../../../broker/protocol/packets/cases/wire.ts';

export interface FoundCase {
  readonly name: string;
  readonly version: MqttVersion;
  readonly bytes: Buffer;
  /** What an MQTT 5 client is told, `undefined` for a close without a word, 'open' when it must not end. */
  readonly end: number | 'open' | undefined;
}

export const FOUND: readonly FoundCase[] = [
  { name: 'a foreign protocol kept its connection until the idle time-out', version: 4, bytes: Buffer.from('GET / HTTP/1.1\r\n'), end: undefined },
  { name: 'TLS on a plain listener did, too', version: 4, bytes: wire('16 0301 0200 01'), end: undefined },
  { name: 'a single byte that no CONNECT begins with did, too', version: 4, bytes: wire('c0'), end: undefined },
  { name: 'another packet than CONNECT was judged by its fields before its type', version: 4, bytes: wire('62 03 0100 92'), end: undefined },
  {
    name: 'a second CONNECT of another protocol was answered with a code that DISCONNECT may not carry',
    version: 5,
    bytes: wire('10 { "MQTT" 05 02 003c 00 "x" } 10 { "AMQP" 05 02 003c 00 "x" }'),
    end: 0x82,
  },
  {
    name: 'a second CONNECT with an empty id was, too',
    version: 5,
    bytes: wire('10 { "MQTT" 05 02 003c 00 "x" } 10 { "MQTT" 04 00 003c "" }'),
    end: 0x82,
  },
];

/** MQTT between a simulated device and its node: objects instead of bytes, only what the promises are about. */
import type { Qos } from '../../../broker/protocol/packet.ts';

export interface PublishPacket {
  readonly type: 'publish';
  readonly topic: string;
  /** `publisher:n`: what the application sent, the same in every repetition. */
  readonly body: string;
  readonly qos: Qos;
  readonly dup: boolean;
  /** 0 with QoS 0. */
  readonly packetId: number;
}

export interface WillSpec {
  readonly topic: string;
  readonly body: string;
  readonly delayS: number;
}

export type FromDevice =
  | { readonly type: 'connect'; readonly cleanStart: boolean; readonly expiryS: number; readonly will: WillSpec | undefined }
  | { readonly type: 'subscribe'; readonly packetId: number; readonly filter: string; readonly qos: Qos }
  | { readonly type: 'unsubscribe'; readonly packetId: number; readonly filter: string }
  | { readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'; readonly packetId: number }
  | { readonly type: 'pingreq' }
  | { readonly type: 'disconnect' }
  | PublishPacket;

export type ToDevice =
  | { readonly type: 'connack'; readonly ok: boolean; readonly present: boolean }
  | { readonly type: 'suback' | 'unsuback' | 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'; readonly packetId: number }
  | { readonly type: 'pingresp' }
  | PublishPacket;

/**
 * The loads of the comparison and what is asked of them. Closed loop: each publisher keeps at most `window` messages in flight, so
 * nothing is dropped and no queue grows without limit. window 1 = every message alone in its packet ("single"); larger = natural
 * batches form ("batched"). hot-path.md section 1.
 */
export type Shape = 'fan-out' | 'pairs' | 'fan-in' | 'shared';

/** Messages from publishers to subscribers, either in a closed loop (`window`) or at a fixed pace (`perSecond`). */
export interface Traffic {
  readonly kind: 'traffic';
  readonly shape: Shape;
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: 0 | 1 | 2;
  /** Messages of one publisher in flight; with `perSecond` the room for them. */
  readonly window: number;
  readonly payloadBytes: number;
  /** Messages a second over all publishers; undefined = as many as the window allows. */
  readonly perSecond?: number;
  /** Wildcard filters of other clients that match none of the topics. */
  readonly backgroundFilters?: number;
  /** Of a cluster: subscribers are at the second node, publishers at the first. */
  readonly across?: boolean;
  /** Subscribers have sessions that outlive their connections. */
  readonly durable?: boolean;
}

/** Subscribers of one filter, and of one of their own each: all of them get each of some messages, and one of their own as soon as they can. */
export interface CrowdLoad {
  readonly kind: 'crowd';
  readonly subscribers: number;
  /** Of all generators of the load, which share the names of clients. */
  readonly first: number;
  readonly messages: number;
}

/** Clients that connect, are accepted and leave, over and over; `workers` of them at once. */
export interface ConnectChurn {
  readonly kind: 'connects';
  readonly workers: number;
}

/** Retained messages written by one client and read by the next through `#`. */
export interface RetainedLoad {
  readonly kind: 'retained';
  readonly messages: number;
  readonly payloadBytes: number;
}

/** Publishers at full speed into one subscriber, beside one that never reads. */
export interface Flood {
  readonly kind: 'flood';
  readonly publishers: number;
  readonly qos: 0 | 1;
  /** QoS 1: unacknowledged messages of one publisher at most. */
  readonly window: number;
  readonly payloadBytes: number;
  readonly deafSubscriber: boolean;
}

/** Connections that do nothing: what each costs the broker. */
export interface IdleLoad {
  readonly kind: 'idle';
  readonly connections: number;
}

/** Messages to a server that sends each back to whom it came from, one at a time on each connection. */
export interface EchoLoad {
  readonly kind: 'echo';
  readonly connections: number;
  readonly payloadBytes: number;
}

export type Work = Traffic | CrowdLoad | ConnectChurn | RetainedLoad | Flood | IdleLoad | EchoLoad;

/** Ratios "times better than": `least` must be reached, `aim` is hoped for. */
export interface Target {
  readonly least: number;
  readonly aim?: number;
}

export interface Load {
  readonly name: string;
  readonly work: Work;
  readonly tls?: boolean;
  readonly ws?: boolean;
  /** Brokers that do not know this at all and would answer something else. */
  readonly unknownTo?: readonly ('mosquitto' | 'aedes')[];
  readonly targets: { readonly mosquitto?: Target; readonly aedes?: Target };
}

/** Debian builds mosquitto without it; aedes leaves it to other packages. */
const WITHOUT_WEBSOCKET = ['mosquitto', 'aedes'] as const;
const BATCHED = 10;
const FAN_OUT_BATCHED = 20;
const SMALL_PAYLOAD = 64;
const PAIRS_SINGLE = 'QoS 0 pairs 100×100, single';

function traffic(work: Omit<Traffic, 'kind' | 'payloadBytes'> & { payloadBytes?: number }): Traffic {
  return { kind: 'traffic', payloadBytes: SMALL_PAYLOAD, ...work };
}

const pairs = (qos: 0 | 1 | 2, window: number): Traffic => traffic({ shape: 'pairs', publishers: 100, subscribers: 100, qos, window });
const fanOut = (window: number): Traffic => traffic({ shape: 'fan-out', publishers: 1, subscribers: 200, qos: 0, window });
const fanIn = (window: number): Traffic => traffic({ shape: 'fan-in', publishers: 200, subscribers: 1, qos: 0, window });

function target(mosquittoLeast: number, mosquittoAim: number, aedesLeast?: number): Load['targets'] {
  return { mosquitto: { least: mosquittoLeast, aim: mosquittoAim }, ...(aedesLeast !== undefined && { aedes: { least: aedesLeast } }) };
}

/** The judge of these is broker CPU per message (connects: per connection). */
export const LOADS: readonly Load[] = [
  { name: 'QoS 0 fan-out 1→200, batched', work: fanOut(FAN_OUT_BATCHED), targets: target(8, 15, 10) },
  { name: 'QoS 0 fan-out 1→200, single', work: fanOut(1), targets: target(1.1, 1.3, 1.3) },
  { name: 'QoS 0 pairs 100×100, batched', work: pairs(0, BATCHED), targets: target(4, 8, 5) },
  { name: PAIRS_SINGLE, work: pairs(0, 1), targets: target(0.9, 1.2, 1.5) },
  { name: 'QoS 0 fan-in 200→1, batched', work: fanIn(BATCHED), targets: target(5, 10, 6) },
  { name: 'QoS 0 fan-in 200→1, single', work: fanIn(1), targets: target(1.5, 2.3, 2) },
  { name: 'QoS 1 pairs 100×100, batched', work: pairs(1, BATCHED), targets: target(4, 8, 4) },
  { name: 'QoS 1 pairs 100×100, single', work: pairs(1, 1), targets: target(0.8, 1.2, 1.5) },
  { name: 'QoS 2 pairs 100×100, batched', work: pairs(2, BATCHED), targets: target(3, 6, 3) },
  {
    name: 'QoS 1 shared group 100→10, batched',
    work: traffic({ shape: 'shared', publishers: 100, subscribers: 10, qos: 1, window: BATCHED }),
    unknownTo: ['aedes'],
    targets: target(4, 8),
  },
  {
    name: 'QoS 0 pairs 10×10 through 10,000 wildcard filters, batched',
    work: traffic({ shape: 'pairs', publishers: 10, subscribers: 10, qos: 0, window: BATCHED, backgroundFilters: 10_000 }),
    targets: target(4, 8, 5),
  },
  {
    name: 'QoS 0 pairs 10×10, 64 KiB payloads',
    work: traffic({ shape: 'pairs', publishers: 10, subscribers: 10, qos: 0, window: 4, payloadBytes: 64 * 1024 }),
    targets: target(0.8, 1.2, 2.5),
  },
  {
    name: 'QoS 1 pairs 50×50, open loop at 10,000 msgs/s',
    work: traffic({ shape: 'pairs', publishers: 50, subscribers: 50, qos: 1, window: 64, perSecond: 10_000 }),
    targets: target(0.75, 1, 1.5),
  },
  { name: 'connects: CONNECT, CONNACK, DISCONNECT', work: { kind: 'connects', workers: 20 }, targets: target(0.4, 0.6, 3) },
  {
    name: 'retained: 100,000 written, then read by `#`',
    work: { kind: 'retained', messages: 100_000, payloadBytes: SMALL_PAYLOAD },
    targets: target(2, 4, 5),
  },
  { name: 'TLS: QoS 0 pairs 100×100, batched', work: pairs(0, BATCHED), tls: true, unknownTo: ['aedes'], targets: {} },
  { name: 'TLS: QoS 0 pairs 100×100, single', work: pairs(0, 1), tls: true, unknownTo: ['aedes'], targets: {} },
  { name: 'WebSocket: QoS 0 pairs 100×100, batched', work: pairs(0, BATCHED), ws: true, unknownTo: WITHOUT_WEBSOCKET, targets: {} },
  { name: 'WebSocket: QoS 0 pairs 100×100, single', work: pairs(0, 1), ws: true, unknownTo: WITHOUT_WEBSOCKET, targets: {} },
];

const flood = (qos: 0 | 1, deafSubscriber: boolean): Flood => ({
  kind: 'flood',
  publishers: 20,
  qos,
  window: 1000,
  payloadBytes: SMALL_PAYLOAD,
  deafSubscriber,
});

/** Overload: judged by messages a second, memory and losses. */
export const FLOODS: readonly Load[] = [
  { name: 'overload QoS 0, 20→1', work: flood(0, false), targets: {} },
  { name: 'overload QoS 0, 20→1, beside one that never reads', work: flood(0, true), targets: {} },
  { name: 'overload QoS 1, 20→1', work: flood(1, false), targets: {} },
  { name: 'overload QoS 1, 20→1, beside one that never reads', work: flood(1, true), targets: {} },
];

/** Messages a second that an overloaded node must carry, and its memory meanwhile (256 MiB may wait, see OutputTurn). */
export const FLOOD_LEAST_PER_SECOND = 300_000;
export const FLOOD_MOST_BYTES = 512 * 1024 * 1024;

/** Idle connections: judged by resident memory of each. */
export const IDLE_LOADS: readonly Load[] = [
  { name: 'idle TCP', work: { kind: 'idle', connections: 18_000 }, targets: {} },
  { name: 'idle TLS', work: { kind: 'idle', connections: 3_000 }, tls: true, unknownTo: ['aedes'], targets: {} },
  { name: 'idle WebSocket', work: { kind: 'idle', connections: 9_000 }, ws: true, unknownTo: WITHOUT_WEBSOCKET, targets: {} },
];
export const IDLE_MOST_BYTES = 7 * 1024;
export const IDLE_AIM_BYTES = 5.5 * 1024;

/** The same bytes to a C server and to the broker, one read and one write for each message: echoRail.ts compares them. */
export const ECHO_LOAD: Load = { name: `${PAIRS_SINGLE}, beside a C echo server`, work: { kind: 'echo', connections: 100, payloadBytes: SMALL_PAYLOAD }, targets: {} };
export const ECHO_RIVAL: Load = { name: PAIRS_SINGLE, work: pairs(0, 1), targets: {} };

/** Topic a publisher of this load writes to; all of one length so that packets of one load have one size. */
export function topicOf(shape: Shape, publisher: number): string {
  return shape === 'fan-out' ? 'bench/fan-out/all' : `bench/${shape}/${String(publisher).padStart(5, '0')}`;
}

/** Filter a subscriber of this load asks for. */
export function filterOf(shape: Shape, subscriber: number): string {
  switch (shape) {
    case 'pairs':
      return topicOf(shape, subscriber);
    case 'fan-out':
      return topicOf(shape, 0);
    case 'fan-in':
      return 'bench/fan-in/+';
    case 'shared':
      return '$share/bench/bench/shared/+';
  }
}

/** Deliveries that one message leads to. */
export function copiesOf({ shape, subscribers }: Traffic): number {
  return shape === 'fan-out' ? subscribers : 1;
}

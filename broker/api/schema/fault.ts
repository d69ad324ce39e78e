/** Faults between nodes, made on purpose to see what they do (cluster-protocol R73). Busbar only. */
import Type, { type Static } from 'typebox';
import { Words } from './common.ts';

/** What it does to the bytes of one direction: hold them, hold each for a time, let them pass slowly, or throw them away. */
export const FAULT_KINDS = ['cut', 'delay', 'throttle', 'drop'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
export const FAULT_DIRECTIONS = ['in', 'out', 'both'] as const;
export type FaultDirection = (typeof FAULT_DIRECTIONS)[number];

/** Longest delay, and slowest and fastest throttle that can be asked for. */
export const MAX_FAULT_DELAY_MS = 600_000;
export const MAX_FAULT_RATE = 1_000_000_000;

export const FaultChange = Type.Object(
  {
    peer: Type.String({ minLength: 1, maxLength: 320, description: 'Name of the other node' }),
    direction: Type.Optional(Words([...FAULT_DIRECTIONS], { description: 'out: what this node sends to the peer; in: what it receives' })),
    kind: Words([...FAULT_KINDS], {
      description:
        'cut holds the bytes until it is healed, and no connection comes to be; delay holds each for delay_ms; throttle lets bytes_per_second pass; drop throws them away, and healing it resets the connection',
    }),
    delay_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_FAULT_DELAY_MS })),
    bytes_per_second: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_FAULT_RATE })),
  },
  { additionalProperties: false },
);

export const Fault = Type.Object({
  node: Type.String({ description: 'Where the fault is' }),
  peer: Type.String(),
  direction: Words(['in', 'out']),
  kind: Words([...FAULT_KINDS]),
  delay_ms: Type.Optional(Type.Integer()),
  bytes_per_second: Type.Optional(Type.Integer()),
  since: Type.Integer({ description: 'Milliseconds since 1970' }),
  held_bytes: Type.Integer({ description: 'Bytes that are held back now' }),
});
export type Fault = Static<typeof Fault>;

export const FaultReset = Type.Object({ peer: Type.String({ minLength: 1, maxLength: 320 }) }, { additionalProperties: false });
export const FaultQuery = Type.Object({
  peer: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
  direction: Type.Optional(Words([...FAULT_DIRECTIONS])),
});

/** What can be asked of a node about its faults. */
export type FaultAction =
  | { readonly action: 'list' }
  | {
      readonly action: 'set';
      readonly peer: string;
      readonly direction: FaultDirection;
      readonly kind: FaultKind;
      readonly delayMs?: number | undefined;
      readonly bytesPerSecond?: number | undefined;
    }
  /** Breaks the connection to the peer once. */
  | { readonly action: 'reset'; readonly peer: string }
  /** Heals; without a peer all of the node. */
  | { readonly action: 'heal'; readonly peer?: string | undefined; readonly direction?: FaultDirection | undefined };

/** Reads what came from another process. The values are checked by whoever acts. */
export function isFaultAction(data: unknown): data is FaultAction {
  if (typeof data !== 'object' || data === null || !('action' in data)) return false;
  const { action, peer, direction, kind } = data as Partial<Record<string, unknown>>;
  const isOneOf = (words: readonly string[], value: unknown) => typeof value === 'string' && words.includes(value);
  switch (action) {
    case 'list':
      return true;
    case 'set':
      return typeof peer === 'string' && isOneOf(FAULT_DIRECTIONS, direction) && isOneOf(FAULT_KINDS, kind);
    case 'reset':
      return typeof peer === 'string';
    case 'heal':
      return (peer === undefined || typeof peer === 'string') && (direction === undefined || isOneOf(FAULT_DIRECTIONS, direction));
    default:
      return false;
  }
}

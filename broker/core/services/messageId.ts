/** A name for a message that is kept: 32 hexadecimal digits as EMQX's, made of when it came, on what topic, from whom and with what in it. */
import type { Message } from '../../protocol/message.ts';

const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** The same message has the same id at any time, so none needs to be stored. */
export function messageId({ timestampMs, topic, fromClientId, payload }: Message): string {
  const head = Buffer.from(`${topic}\0${fromClientId}\0`);
  const first = fnv(payload, fnv(head, HASH_START));
  const second = fnv(head, fnv(payload, first));
  return `${timestampMs.toString(16).padStart(16, '0')}${hex(first)}${hex(second)}`;
}

/** FNV-1a, 32 bits. */
function fnv(bytes: Uint8Array, start: number): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, HASH_PRIME);
  return hash >>> 0;
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

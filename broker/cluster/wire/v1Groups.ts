/** The value of a shared group's row in wire version 1, frozen with v1.ts: connected members, then all members, of the row's owner. */
import { protocolError } from './bytes.ts';

export interface GroupValue {
  readonly online: number;
  readonly total: number;
}

const VALUE_BYTES = 8;

export function encodeGroupValue({ online, total }: GroupValue): Buffer {
  const value = Buffer.allocUnsafe(VALUE_BYTES);
  value.writeUInt32BE(online, 0);
  value.writeUInt32BE(total, 4);
  return value;
}

export function decodeGroupValue(value: Uint8Array): GroupValue {
  if (value.length !== VALUE_BYTES) throw protocolError('The row of a shared group has another length than 8 bytes');
  const bytes = new DataView(value.buffer, value.byteOffset, VALUE_BYTES);
  const [online, total] = [bytes.getUint32(0), bytes.getUint32(4)];
  if (online > total || total === 0) throw protocolError('A shared group has more connected members than members, or none');
  return { online, total };
}

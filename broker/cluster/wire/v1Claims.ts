/** The value of an exclusive subscription's row in wire version 1, frozen with v1.ts: when it was claimed, and the client's id. */
import { BodyReader, FrameWriter } from './bytes.ts';

export interface ClaimValue {
  readonly clientId: string;
  /** By the clock of the row's owner, ms since 1970. */
  readonly sinceMs: number;
}

export function encodeClaimValue({ clientId, sinceMs }: ClaimValue): Buffer {
  return new FrameWriter(0, 0).u64(Math.floor(sinceMs)).text(clientId).body();
}

export function decodeClaimValue(value: Uint8Array): ClaimValue {
  const reader = new BodyReader(Buffer.from(value));
  const claim = { sinceMs: reader.u64(), clientId: reader.text() };
  reader.end();
  return claim;
}

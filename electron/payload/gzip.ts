/** Content that was packed before it was published. The platform unpacks; the room says what is packed and how much may come out. */

/** RFC 1952 section 2.3.1: the two identification bytes and deflate as method. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 18 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** Bytes that may come out of one payload: a small message must not fill the memory. */
export const MOST_UNPACKED_BYTES = 16 * 1024 * 1024;

export type Unpacked =
  | { readonly ok: true; readonly bytes: Uint8Array; /** There is more, which was not unpacked. */ readonly cut: boolean }
  | { readonly ok: false; readonly detail: string };

/** The chunks of unpacked content, as they come. */
export type Unpack = (bytes: Uint8Array) => AsyncIterable<Uint8Array>;

/** Unpacks up to `most` bytes, and says when there are more. */
export async function unpackGzip(bytes: Uint8Array, unpack: Unpack, most = MOST_UNPACKED_BYTES): Promise<Unpacked> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of unpack(bytes)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > most) break;
    }
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return { ok: true, bytes: all.subarray(0, most), cut: length > most };
}

/** Unpacking with what the browser brings. */
import type { Unpack } from '../../electron/payload/gzip.ts';

export const unpackInWindow: Unpack = async function* unpack(bytes) {
  const reader = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stopped early wants no more; what the stream says to that is nobody's concern.
    reader.cancel().catch(() => undefined);
  }
};

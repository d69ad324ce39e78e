/**
 * Structured clone as text: what crosses between the double and a page travels as JSON with tags for what JSON lacks.
 * Both functions are also sent to the page as source, so they use nothing from outside themselves.
 */

/** Throws DataCloneError for what a structured clone refuses (functions, proxies, symbols), like Electron's IPC. */
export function encodeTagged(value: unknown): string {
  const toBase64 = (bytes: Uint8Array): string => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  };
  const tag = (part: unknown): unknown => {
    if (part === undefined) return { $: 'undefined' };
    if (typeof part === 'bigint') return { $: 'bigint', v: String(part) };
    if (typeof part === 'number' && !Number.isFinite(part)) return { $: 'number', v: String(part) };
    if (part === null || typeof part !== 'object') return part;
    if (part instanceof Date) return { $: 'date', v: part.getTime() };
    if (part instanceof Error) return { $: 'error', v: part.message };
    if (part instanceof ArrayBuffer) return { $: 'buffer', v: toBase64(new Uint8Array(part)) };
    if (ArrayBuffer.isView(part)) return { $: 'bytes', v: toBase64(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)) };
    if (part instanceof Map) return { $: 'map', v: [...part].map(([key, item]) => [tag(key), tag(item)]) };
    if (part instanceof Set) return { $: 'set', v: [...part].map(tag) };
    if (Array.isArray(part)) return part.map(tag);
    const entries = Object.entries(part).map(([key, item]) => [key, tag(item)]);
    return { $: 'object', v: Object.fromEntries(entries) as unknown };
  };
  return JSON.stringify(tag(structuredClone(value)));
}

export function decodeTagged(text: string): unknown {
  const fromBase64 = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const untag = (part: unknown): unknown => {
    if (part === null || typeof part !== 'object') return part;
    if (Array.isArray(part)) return part.map(untag);
    const { $: kind, v } = part as { $: string; v: unknown };
    switch (kind) {
      case 'undefined':
        return undefined;
      case 'bigint':
        return BigInt(v as string);
      case 'number':
        return Number(v);
      case 'date':
        return new Date(v as number);
      case 'error':
        return new Error(v as string);
      case 'buffer':
        return fromBase64(v as string).buffer;
      case 'bytes':
        return fromBase64(v as string);
      case 'map':
        return new Map((v as [unknown, unknown][]).map(([key, item]) => [untag(key), untag(item)]));
      case 'set':
        return new Set((v as unknown[]).map(untag));
      default:
        // Not by assignment: a key named __proto__ must stay a key.
        return Object.fromEntries(Object.entries(v as object).map(([key, item]) => [key, untag(item)]));
    }
  };
  return untag(JSON.parse(text));
}

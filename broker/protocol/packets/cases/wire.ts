/** A notation for packets in tests, short enough to read the bytes and the meaning at once. */

/**
 * Turns a description into bytes. Hex digits in pairs are bytes, with `*n` repeated n times; `"text"` is a string behind its
 * two-byte length; `'text'` is the text alone; `{ … }` is its content behind a variable byte integer with its size:
 *
 *     wire('30 { "a/b" 01ff }')   // 30 07 00 03 61 2f 62 01 ff
 */
export function wire(description: string): Buffer {
  const open: number[][] = [[]];
  for (const [token, text, bare, repeated, times] of description.matchAll(/"([^"]*)"|'([^']*)'|([0-9a-f]{2})\*(\d+)|[{}]|(?:[0-9a-f]{2})+|\S/g)) {
    const bytes = open[open.length - 1]!;
    if (token === '{') open.push([]);
    else if (token === '}') {
      open.pop();
      open[open.length - 1]!.push(...lengthBytes(bytes.length), ...bytes);
    } else if (text !== undefined) {
      const content = Buffer.from(text);
      bytes.push(content.length >> 8, content.length & 0xff, ...content);
    } else if (bare !== undefined) bytes.push(...Buffer.from(bare));
    else if (repeated !== undefined) bytes.push(...new Array<number>(Number(times)).fill(Number.parseInt(repeated, 16)));
    else if (/^[0-9a-f]+$/.test(token) && token.length % 2 === 0) bytes.push(...Buffer.from(token, 'hex'));
    else throw new Error(`wire: ${token} in ${description}`);
  }
  if (open.length !== 1) throw new Error(`wire: unbalanced braces in ${description}`);
  return Buffer.from(open[0]!);
}

function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

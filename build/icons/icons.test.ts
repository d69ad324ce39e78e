import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(name, import.meta.url));
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Width and height of a PNG, from its header. */
function pngSize(bytes: Buffer): string {
  if (!bytes.subarray(0, 8).equals(PNG)) throw new Error('not a PNG');
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe('the icons that go into the installers', () => {
  it('are PNGs of the size their name says for Linux', () => {
    const names = readdirSync(new URL('linux', import.meta.url));
    expect(names.toSorted()).toEqual(['128x128.png', '16x16.png', '256x256.png', '32x32.png', '48x48.png', '512x512.png', '64x64.png']);
    for (const name of names) expect(`${pngSize(read(`linux/${name}`))}.png`).toBe(name);
  });

  it('are a readable .ico for Windows, 256 px included', () => {
    const ico = read('icon.ico');
    const sizes = Array.from({ length: ico.readUInt16LE(4) }, (_, index) => {
      const at = 6 + 16 * index;
      const offset = ico.readUInt32LE(at + 12);
      return pngSize(ico.subarray(offset, offset + ico.readUInt32LE(at + 8)));
    });
    expect(sizes).toEqual(['16x16', '32x32', '48x48', '64x64', '128x128', '256x256']);
  });

  it('are a readable .icns for macOS, 1024 px included', () => {
    const icns = read('icon.icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const found: string[] = [];
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      found.push(`${icns.toString('latin1', at, at + 4)} ${pngSize(icns.subarray(at + 8))}`);
    }
    expect(found).toEqual(['ic11 32x32', 'ic12 64x64', 'ic07 128x128', 'ic13 256x256', 'ic08 256x256', 'ic14 512x512', 'ic09 512x512', 'ic10 1024x1024']);
  });
});

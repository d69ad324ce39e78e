import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WINDOW_COLOURS, type Theme } from './windowColours.ts';

const TOKENS = readFileSync(new URL('../../renderer/ui/tokens.css', import.meta.url), 'utf8');

describe('colours of the window', () => {
  it.each(['light', 'dark', 'contrast'] as const)('are those of the %s tokens', (theme: Theme) => {
    const block = TOKENS.slice(TOKENS.indexOf(`:root[data-theme='${theme}']`));
    const token = (name: string) => new RegExp(`--bb-${name}:\\s*(#[0-9a-f]{6})`).exec(block)?.[1];
    expect(WINDOW_COLOURS[theme]).toEqual({ frame: token('frame'), symbol: token('text-2') });
  });
});

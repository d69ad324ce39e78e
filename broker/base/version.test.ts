import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BUSBAR_VERSION } from './version.ts';

it('is the version of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(BUSBAR_VERSION).toBe(manifest.version);
});

/**
 * `npm run build`: everything that runs from `out/`. `npm run build -- main preload` builds only the named parts.
 * A full build leaves a stamp with the time it began, by which `npm start` sees whether a source is newer (build/freshness.mjs).
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { STAMP_FILE } from './freshness.mjs';
import { OUT, PARTS, ROOT } from './parts.ts';
import type { Part } from './parts.ts';

async function main(): Promise<number> {
  const chosen = process.argv.slice(2);
  const known = PARTS.map((part) => part.name);
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`Unknown part ${unknown.join(', ')}. The parts are: ${known.join(' ')}`);
    return 2;
  }
  const beganMs = Date.now();
  for (const part of PARTS) if (chosen.length === 0 || chosen.includes(part.name)) await buildPart(part);
  if (chosen.length > 0) return 0;
  await mkdir(OUT, { recursive: true });
  await writeFile(join(ROOT, STAMP_FILE), `${beganMs}\n`);
  return 0;
}

async function buildPart(part: Part): Promise<void> {
  if (!existsSync(join(ROOT, part.entries[0] ?? ''))) return console.log(`${part.name}: left out, there is no ${part.entries[0]}`);
  const startedMs = performance.now();
  for (const config of await part.configs()) await build(config);
  await part.finish?.();
  console.log(`${part.name}: ${Math.round(performance.now() - startedMs)} ms`);
}

process.exitCode = await main();

/** Writes CONFORMANCE.md: `node test/conformance/writePage.ts`. */
import { writeFile } from 'node:fs/promises';
import { listTests, PAGE, pageOf } from './coverage.ts';

await writeFile(PAGE, pageOf(await listTests()));

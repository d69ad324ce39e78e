/**
 * Loaded before a broker (`node --import`): its wall clock is off by so many milliseconds as the file in BUSBAR_TEST_CLOCK says, read again at
 * SIGUSR2. Monotonic time is as it is, as with a clock that an administrator sets.
 */
import { readFileSync } from 'node:fs';

const file = process.env['BUSBAR_TEST_CLOCK'] ?? '';
const system = Date.now;
let offsetMs = 0;
const read = () => {
  offsetMs = Number(readFileSync(file, 'utf8'));
};

read();
Date.now = () => system() + offsetMs;
process.on('SIGUSR2', read);

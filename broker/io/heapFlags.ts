/**
 * Settings of the machine under JavaScript, made before anything else is loaded.
 *
 * Buffers count as external memory. By default every 64 MB of them start a mark of the whole heap, however soon they die: with payloads of
 * 64 KiB that is one mark in 1,000 messages, and more work than the broker's own (81 against 35 µs a message). Counted within the limit of
 * the whole heap, which grows with what survives, they are bounded all the same.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--external-memory-accounted-in-global-limit');

/** Loaded before the entry of a utility process: makes a forked Node look like one. */
import { EventEmitter } from 'node:events';

const send = process.send?.bind(process);
if (!send) throw new Error('this file is for children of the double only');

const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => void send(structuredClone(message) as object) });
process.on('message', (data) => parentPort.emit('message', { data, ports: [] }));
// The application has gone without ending its children; a real utility process would be gone too.
process.on('disconnect', () => process.exit(0));
Object.defineProperty(process, 'parentPort', { value: parentPort });
// Not `process.channel`: without it Node drops every message silently.
Object.defineProperty(process, 'send', { value: undefined });
Object.defineProperty(process, 'type', { value: 'utility' });

/** The thread of the workspace database: SQLite is synchronous and must not hold up the host. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../broker/base/errors.ts';
import type { StoreAnswer, StoreRequest } from './workspaceDb.ts';
import { WorkspaceStore } from './workspaceStore.ts';

const port = parentPort;
if (!port) throw new Error('Invariant broken: this file runs as a worker only');
const store = new WorkspaceStore(workerData as string);

function run(request: StoreRequest): unknown {
  switch (request.op) {
    case 'totals':
      return store.totals(request.client);
    case 'append':
      return store.append(request.client, request.messages);
    case 'setAck':
      return store.setAck(request.client, request.seq, request.ack);
    case 'read':
      return store.read(request.client, request.query);
    case 'clear':
      return store.clear(request.client);
    case 'close':
      return store.close();
  }
}

port.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  let answer: StoreAnswer;
  try {
    answer = { id, ok: true, value: run(request) };
  } catch (error) {
    answer = { id, ok: false, message: messageOf(error) };
  }
  port.postMessage(answer);
  if (request.op === 'close') port.close();
});

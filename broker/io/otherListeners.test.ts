import { expect, it } from 'vitest';
import type { ListenerReport } from '../api/listenerQuestions.ts';
import type { AdminPort } from '../api/ports.ts';
import { BusbarError } from '../base/errors.ts';
import type { NodeName } from '../base/ids.ts';
import { otherListeners } from './otherListeners.ts';

const listener = (id: string, listenOn: string, running = true): Partial<ListenerReport> => ({ id, listenOn, running });

const NODES: Readonly<Record<string, readonly Partial<ListenerReport>[]>> = {
  'a@plant-a': [listener('tcp:default', '0.0.0.0:1883'), listener('ssl:default', '[::]:8883'), listener('tcp:local', 'unix:/run/b.sock')],
  'b@2001:db8::2': [listener('tcp:default', ':1884'), listener('ssl:default', '10.0.0.2:8883'), listener('ws:default', '0.0.0.0:8083', false)],
};

it('names, by listener, the same listener of every node that answers: at its own address, or the host of the node', async () => {
  const admin = {
    ask: (node: NodeName) => (NODES[node] === undefined ? Promise.reject(new BusbarError('NODE_DOWN', 'away')) : Promise.resolve({ listeners: NODES[node] })),
  } as unknown as AdminPort;
  expect(await otherListeners(admin, ['a@plant-a', 'gone@plant-c', 'b@2001:db8::2'] as NodeName[])).toEqual({
    'tcp:default': 'plant-a:1883 [2001:db8::2]:1884',
    'ssl:default': 'plant-a:8883 10.0.0.2:8883',
  });
});

import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { trackLeaks } from './leakTracker.ts';

it('names what is left behind, and is content when it is gone', async () => {
  const leaks = trackLeaks();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await expect(leaks.settled(50)).rejects.toThrow('left behind: 1 TCPServerWrap');
  server.close();
  await leaks.settled();
});

/** Debian's mosquitto clients: clients nobody here wrote. */
import { runProcess, startProcess, type TestProcess } from './processes.ts';

const LIFETIME_MS = 30_000;

/** A subscriber whose SUBACK has come. `started` is told of it before that, so that it is ended whatever happens. */
export async function mosquittoSub(port: number, args: readonly string[], started: TestProcess[]): Promise<TestProcess> {
  // stdbuf puts itself aside for the program it starts, whose lines then come at once and not when its buffer is full.
  const all = ['-oL', 'mosquitto_sub', '-p', String(port), '-d', '-F', 'got %t %q %r %p', ...args];
  const client = startProcess('stdbuf', all, { lifetimeMs: LIFETIME_MS });
  started.push(client);
  await client.line((line) => line.startsWith('Subscribed'));
  return client;
}

/** Publishes and waits for the end; rejects when the client says it failed. */
export async function mosquittoPub(port: number, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProcess('mosquitto_pub', ['-p', String(port), ...args], { lifetimeMs: LIFETIME_MS });
  if (code !== 0) throw new Error(`mosquitto_pub ${args.join(' ')}: ${stderr}`);
}

/** What a subscriber has printed once it has ended: topic, QoS, RETAIN, payload. */
export async function receivedBy(client: TestProcess): Promise<string[]> {
  await client.exit();
  return client
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('got '))
    .map((line) => line.slice('got '.length));
}

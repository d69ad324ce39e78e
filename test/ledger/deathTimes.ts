/**
 * `node test/ledger/deathTimes.ts [rounds]`: how soon the others notice that a node is dead (link closed: 1 s; silent: 5 s), and how soon after
 * that the sessions of its clients are there again at another node (2 s). Prints each figure; exit code 1 when one is above its limit.
 */
import { connect } from 'mqtt';
import { BrokerCluster, type ClusterMember } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

const LIMITS_MS = { closed: 1_000, silent: 5_000, resumable: 2_000 } as const;
const SESSIONS = 20;
const WAIT_MS = 30_000;

interface Found {
  readonly how: 'closed' | 'silent';
  readonly noticedMs: number;
  readonly resumableMs: number;
}

const wallOf = (line: unknown): number => Date.parse((line as { time: string }).time);

/** Connects once; answers whether the session was there. */
function come(member: ClusterMember, clientId: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const url = `mqtt://127.0.0.1:${member.broker.port}`;
    const client = connect(url, { clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, connectTimeout: WAIT_MS, properties: { sessionExpiryInterval: 600 } });
    client.once('error', reject);
    client.once('connect', ({ sessionPresent }) => {
      client.end(true);
      resolve(sessionPresent);
    });
  });
}

async function measure(cluster: BrokerCluster, how: Found['how']): Promise<Found> {
  const [one, two, three] = [cluster.member(1), cluster.member(2), cluster.member(3)];
  const ids = Array.from({ length: SESSIONS }, (_, index) => `${how}${index}`);
  for (const id of ids) await come(three, id);
  const isSafe = async () => ((await one.get('/cluster/sessions')) as { protected: boolean }[]).every((row) => row.protected);
  await waitFor('the sessions to be safe', isSafe, WAIT_MS);
  const downs = (member: ClusterMember) => member.told('cluster_node_down').filter(({ fields }) => fields['peer'] === three.name);
  const before = downs(one).length;
  const atMs = Date.now();
  three.broker.process.kill(how === 'closed' ? 'SIGKILL' : 'SIGSTOP');
  await waitFor('both to notice', () => [one, two].every((member) => downs(member).length > before), WAIT_MS);
  const noticedMs = Math.max(...[one, two].map((member) => wallOf(downs(member).at(-1)))) - atMs;
  const present = await Promise.all(ids.map((id, index) => come(index % 2 === 0 ? one : two, id)));
  if (!present.every(Boolean)) throw new Error(`${present.filter((is) => !is).length} of ${SESSIONS} sessions were not there`);
  const resumableMs = Date.now() - atMs - noticedMs;
  if (how === 'closed') {
    await cluster.gone(3);
    await cluster.startMember(3);
  } else three.broker.process.kill('SIGCONT');
  await cluster.whole();
  return { how, noticedMs, resumableMs };
}

const cluster = await BrokerCluster.start(3, ['durability=replicated']);
try {
  for (let round = 0; round < Number(process.argv[2] ?? 3); round += 1)
    for (const how of ['closed', 'silent'] as const) {
      const { noticedMs, resumableMs } = await measure(cluster, how);
      console.log(`${how}: noticed after ${noticedMs} ms (limit ${LIMITS_MS[how]}), ${SESSIONS} sessions resumed after another ${resumableMs} ms (limit ${LIMITS_MS.resumable})`);
      if (noticedMs > LIMITS_MS[how] || resumableMs > LIMITS_MS.resumable) process.exitCode = 1;
    }
} finally {
  await cluster.end();
}

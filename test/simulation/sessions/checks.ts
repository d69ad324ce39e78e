/** What must hold when all is quiet (cluster-protocol section 15): one owner, one confirmed backup, equal tables, nothing left over, nothing lost. */
import type { SeenCopy } from './simEngine.ts';
import type { SessionNode } from './sessionNode.ts';
import type { SessionProfile } from './sessionFaults.ts';
import type { SessionsWorld } from './sessionsWorld.ts';

interface PlacedCopy extends SeenCopy {
  readonly node: SessionNode;
}

/** Nothing is under way any more, by what nodes and devices say themselves. Empty when all is quiet. */
export function unquiet(world: SessionsWorld): string[] {
  const problems: string[] = [];
  if (!world.world.whole) problems.push('Not all nodes are linked');
  for (const device of world.devices) if (!device.resting && !device.settled) problems.push(device.describe());
  for (const node of world.stations) {
    const left = Object.entries(node.engine.pending()).filter(([, count]) => count !== 0);
    if (left.length > 0) problems.push(`${node.name} still has ${left.map(([name, count]) => `${name} ${count}`).join(', ')}`);
    if (!node.engine.isProtected) problems.push(`${node.name} is not protected`);
  }
  for (const { node, clientId, items, connected, role } of placedCopies(world))
    if (role === 'owner' && connected && items > 0)
      problems.push(`${items} messages for ${clientId} were not taken at ${node.name}`);
  return [...problems, ...checkCopies(world), ...checkRows(world)];
}

function placedCopies(world: SessionsWorld): PlacedCopy[] {
  return world.stations.flatMap((node) => node.engine.copies().map((copy) => ({ ...copy, node })));
}

/** I2: one owner and one confirmed backup per session, no other copies; the owner is where the device is. */
function checkCopies(world: SessionsWorld): string[] {
  const problems: string[] = [];
  const copies = placedCopies(world);
  const clients = new Set(copies.map(({ clientId }) => clientId));
  for (const clientId of clients) {
    const own = copies.filter((copy) => copy.clientId === clientId);
    const text = own.map(({ node, role }) => `${role} at ${node.name}`).join(', ');
    const owners = own.filter(({ role }) => role === 'owner');
    const [owner] = owners;
    const backups = own.filter(({ role }) => role === 'backup');
    if (owner === undefined || owners.length > 1) problems.push(`${clientId} has ${owners.length} owners: ${text}`);
    else if (world.replicated && (backups.length !== 1 || own.length !== 2))
      problems.push(`${clientId} should have one owner and one backup: ${text}`);
    else if (world.replicated && backups[0]?.node.sim.nodeId !== owner.backup)
      problems.push(`${clientId}: the backup is not the one that ${owner.node.name} names: ${text}`);
    else if (!owner.confirmed) problems.push(`${clientId}: the backup has not confirmed what ${owner.node.name} has`);
    const device = world.devices.find(({ id }) => id === clientId);
    if (owner !== undefined && device?.state === 'online' && device.station !== owner.node)
      problems.push(`${clientId} is connected to ${device.station?.name ?? 'no node'}, its session is ${text}`);
  }
  for (const { id, expiryS, retired } of world.devices) {
    if (expiryS > 0 && !retired && !clients.has(id)) problems.push(`The session of ${id} is nowhere`);
    if (retired && clients.has(id)) problems.push(`The session of ${id} should have expired`);
  }
  return problems;
}

/** I5: every node holds of every other what that one owns. */
function checkRows(world: SessionsWorld): string[] {
  const problems: string[] = [];
  for (const owner of world.stations) {
    const owned = owner.engine.copies().filter(({ role }) => role === 'owner');
    const expected = owned
      .map(({ clientId }) => clientId)
      .sort()
      .join(' ');
    for (const node of world.stations) {
      const known = node.engine.rowsOf(owner.sim.nodeId).join(' ');
      if (known !== expected) problems.push(`${node.name} holds rows of ${owner.name} for [${known}], should be [${expected}]`);
    }
  }
  return problems;
}

/** Profiles in which no duplicate and no turned order is allowed; elsewhere they are counted (section 13, 4 and 5). */
const STRICT: ReadonlySet<SessionProfile> = new Set(['calm', 'flap', 'crash1', 'skew']);
/** Profiles in which nodes can be apart, and hide sessions and subscriptions from each other. */
const SPLITTING: ReadonlySet<SessionProfile> = new Set(['pause', 'part', 'splits', 'mix']);

export interface Verdict {
  readonly errors: string[];
  readonly counted: { readonly repeats: number; readonly inversions: number };
}

/** What applications saw over the whole run. */
export function checkLedger(world: SessionsWorld, profile: SessionProfile): Verdict {
  const { ledger } = world;
  const splits = SPLITTING.has(profile);
  const { exactlyOnce, unmarked } = ledger.repeats();
  const repeats = [...exactlyOnce, ...unmarked];
  const inversions = ledger.inversions();
  const errors = [...world.faults, ...ledger.errors, ...ledger.missing(splits)];
  for (const { body, atMs } of ledger.unacknowledged) errors.push(`${body}, published at ${atMs}, was never acknowledged`);
  if (STRICT.has(profile)) errors.push(...repeats, ...inversions);
  if (!splits) errors.push(...world.missed);
  return { errors, counted: { repeats: repeats.length, inversions: inversions.length } };
}

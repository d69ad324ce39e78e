/** What befalls the nodes and the connections of a ledger run, one thing after another. */
import { randomBelow, type Prng } from '../../broker/base/prng.ts';
import type { LedgerNodes } from './ledgerNodes.ts';

/**
 * `drop`: connections of devices break. `kill`: SIGKILL, with or without the loss of the data directory, the next one when the cluster is made
 * good. `pause`: SIGSTOP, then SIGCONT. `cut`: the link of two nodes holds back all bytes, of one or of both directions. `split`: the same between
 * one node and all others. `roll`: all nodes are stopped and started one after the other; `drain`: each drained before.
 */
export const LEDGER_FAULTS = ['drop', 'kill', 'wipe', 'pause', 'cut', 'split', 'roll', 'drain'] as const;
export type LedgerFault = (typeof LEDGER_FAULTS)[number];

export interface FaultPlace {
  readonly nodes: LedgerNodes;
  readonly prng: Prng;
  /** Breaks the connection of some device. */
  readonly dropOne: () => void;
  readonly say: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

const DOWN_MS = [300, 4_000] as const;
const PAUSE_MS = [500, 8_000] as const;
/** Some are over before anybody is given up (4 s), some are not. */
const CUT_MS = [500, 9_000] as const;
const DIRECTIONS = ['in', 'out', 'both'] as const;
const DROPS = 10;

export async function causeLedgerFault(fault: LedgerFault, place: FaultPlace): Promise<void> {
  const { nodes, prng, dropOne, say, sleep } = place;
  const between = ([least, most]: readonly [number, number]) => least + randomBelow(prng, most - least);
  const victim = nodes.acting[randomBelow(prng, nodes.acting.length)] ?? 0;
  const name = `bus${victim + 1}`;
  switch (fault) {
    case 'drop':
      say(`${DROPS} connections break`);
      for (let count = 0; count < DROPS; count += 1) dropOne();
      return;
    case 'kill':
    case 'wipe':
      await nodes.protectedAgain();
      say(`${name} is killed${fault === 'wipe' ? ' and loses its data' : ''}`);
      await nodes.kill(victim);
      if (fault === 'wipe') await nodes.wipe(victim);
      await sleep(between(DOWN_MS));
      await nodes.startNode(victim);
      return;
    case 'pause': {
      say(`${name} stands still`);
      nodes.freeze(victim);
      await sleep(between(PAUSE_MS));
      nodes.thaw(victim);
      say(`${name} goes on`);
      return;
    }
    case 'cut':
    case 'split': {
      const direction = DIRECTIONS[randomBelow(prng, DIRECTIONS.length)] ?? 'both';
      const others = nodes.acting.filter((node) => node !== victim);
      const peers = fault === 'split' ? others : others.slice(randomBelow(prng, others.length)).slice(0, 1);
      say(`${name} is cut off from ${peers.map((peer) => `bus${peer + 1}`).join(' and ')} (${direction})`);
      for (const peer of peers) await nodes.cut(victim, peer, direction);
      await sleep(between(CUT_MS));
      await nodes.heal(victim);
      say(`${name} is linked again`);
      return;
    }
    case 'roll':
    case 'drain':
      for (let index = 0; index < nodes.count; index += 1) {
        await nodes.protectedAgain();
        if (fault === 'drain') await nodes.drain(index);
        say(`bus${index + 1} is restarted${fault === 'drain' ? ', drained before' : ''}`);
        await nodes.stop(index);
        await nodes.startNode(index);
      }
  }
}

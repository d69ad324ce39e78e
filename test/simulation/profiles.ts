/** All profiles of the swarm. A profile is chosen by its whole name, its part of the system (`links`) or its faults (`part`). */
import { runSeed } from './clusterRun.ts';
import { FAULT_PROFILES } from './faults.ts';
import type { Profile } from './profile.ts';
import { realEngine } from './sessions/realEngine.ts';
import { SESSION_PROFILES } from './sessions/sessionFaults.ts';
import { runSessions } from './sessions/sessionsRun.ts';
import { runSharedSeed } from './shared/sharedRun.ts';

/** Faults under which single seeds are known to fail, or that have not run long enough without one: `--held` leaves them out. */
const OPEN: ReadonlySet<string> = new Set(['crash1', 'pause', 'part', 'splits', 'mix']);

export const PROFILES: readonly Profile[] = [
  ...FAULT_PROFILES.map((faults): Profile => ({
    name: `links-${faults}`,
    run: (seed, options) => runSeed(seed, faults, options),
  })),
  ...SESSION_PROFILES.map((faults): Profile => ({
    name: `sessions-${faults}`,
    isOpen: OPEN.has(faults),
    run: (seed, options) => runSessions(seed, faults, { ...options, engine: realEngine('replicated') }),
  })),
  { name: 'shared', run: runSharedSeed },
];

/** Throws in words when nothing bears the name. */
export function profilesCalled(name: string): readonly Profile[] {
  const chosen = PROFILES.filter((profile) => profile.name === name || profile.name.split('-').includes(name));
  if (chosen.length === 0)
    throw new Error(`--profile is one of ${PROFILES.map((profile) => profile.name).join(', ')}, or a part of these names`);
  return chosen;
}

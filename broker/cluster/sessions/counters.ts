import type { SessionsCounters } from './ports.ts';

export function newSessionsCounters(): SessionsCounters {
  return {
    forwardsOut: 0,
    forwardsIn: 0,
    resent: 0,
    lateMade: 0,
    lateApplied: 0,
    parked: 0,
    sharesOut: 0,
    sharesRefused: 0,
    sharesHandedOn: 0,
    takeOvers: 0,
    handIns: 0,
    forksMerged: 0,
    promotions: 0,
    duplicatesSuppressed: 0,
    lockWaits: 0,
    flushTimeouts: 0,
    holdTimeouts: 0,
    doneForgotten: 0,
    queueDropped: 0,
  };
}

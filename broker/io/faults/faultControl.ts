/** Faults as whoever asks for them sees them: checked, done, told in the log. */
import type { Fault, FaultAction, FaultDirection } from '../../api/schema/fault.ts';
import { BusbarError } from '../../base/errors.ts';
import { parseNodeName, type NodeName } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { ActiveFault, Direction, LinkFaults } from './linkFaults.ts';

export interface FaultControlOptions {
  readonly self: NodeName;
  /** Undefined where faults are not allowed. */
  readonly faults: LinkFaults | undefined;
  readonly log: Log;
}

/** Where it is told that a fault is there. */
export interface FaultAlarms {
  activate(name: string, message: string, details: Readonly<Record<string, unknown>>): unknown;
  deactivate(name: string): unknown;
}

const DIRECTIONS: Readonly<Record<FaultDirection, readonly Direction[]>> = { in: ['in'], out: ['out'], both: ['out', 'in'] };

export class FaultControl {
  readonly #options: FaultControlOptions;
  #alarms: FaultAlarms | undefined;

  constructor(options: FaultControlOptions) {
    this.#options = options;
  }

  /** Alarms are there once the broker is. */
  attach(alarms: FaultAlarms | undefined): void {
    this.#alarms = alarms;
  }

  /** Does what is asked and answers with the faults there are then. Throws FAULTS_DISABLED, FAULT_INVALID. */
  act(action: FaultAction): readonly Fault[] {
    if (action.action === 'list') return this.list();
    const { faults } = this.#options;
    if (faults === undefined) throw new BusbarError('FAULTS_DISABLED', `${this.#options.self} does not let faults be made`);
    switch (action.action) {
      case 'set':
        this.#set(faults, action);
        break;
      case 'reset':
        this.#reset(faults, action.peer);
        break;
      case 'heal':
        this.#heal(faults, action.peer === undefined ? undefined : this.#peer(action.peer), action.direction ?? 'both');
    }
    return this.list();
  }

  /** None where they are not allowed. */
  list(): readonly Fault[] {
    return (this.#options.faults?.list() ?? []).map((fault) => ({ ...this.#row(fault), held_bytes: fault.heldBytes }));
  }

  #row({ peer, direction, kind, delayMs, bytesPerSecond, sinceMs }: ActiveFault) {
    return {
      node: this.#options.self,
      peer,
      direction,
      kind,
      ...(kind === 'delay' ? { delay_ms: delayMs } : {}),
      ...(kind === 'throttle' ? { bytes_per_second: bytesPerSecond } : {}),
      since: sinceMs,
    };
  }

  #set(faults: LinkFaults, { peer, direction, kind, delayMs, bytesPerSecond }: Extract<FaultAction, { action: 'set' }>): void {
    const name = this.#peer(peer);
    if (kind === 'delay' && delayMs === undefined) throw invalid('A delay needs delay_ms');
    if (kind === 'throttle' && bytesPerSecond === undefined) throw invalid('A throttle needs bytes_per_second');
    for (const each of DIRECTIONS[direction]) {
      faults.set(name, each, kind, { delayMs: delayMs ?? 0, bytesPerSecond: bytesPerSecond ?? 0, sinceMs: Date.now() });
      this.#alarms?.activate(alarmOf(name, each), `A fault was made on the link to ${name}.`, { peer: name, direction: each, kind });
    }
    const hint = 'This was asked for; ctl faults heal ends it.';
    this.#options.log.warn('cluster_fault_set', { peer, direction, kind, delay_ms: delayMs, bytes_per_second: bytesPerSecond, hint });
  }

  #reset(faults: LinkFaults, peer: string): void {
    const connections = faults.reset(this.#peer(peer));
    this.#options.log.warn('cluster_fault_reset', { peer, connections, hint: 'This was asked for.' });
  }

  #heal(faults: LinkFaults, peer: NodeName | undefined, direction: FaultDirection): void {
    for (const fault of faults.heal(peer, DIRECTIONS[direction])) {
      this.#alarms?.deactivate(alarmOf(fault.peer, fault.direction));
      const after = Date.now() - fault.sinceMs;
      this.#options.log.warn('cluster_fault_healed', { peer: fault.peer, direction: fault.direction, kind: fault.kind, after_ms: after });
    }
  }

  #peer(name: string): NodeName {
    const peer = parseNodeName(name);
    if (peer === undefined) throw invalid(`${name} is no name of a node`);
    if (peer === this.#options.self) throw invalid(`${name} has no link to itself`);
    return peer;
  }
}

function alarmOf(peer: NodeName, direction: Direction): string {
  return `cluster_fault/${peer}/${direction}`;
}

function invalid(message: string): BusbarError {
  return new BusbarError('FAULT_INVALID', message);
}

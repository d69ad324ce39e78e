/**
 * What is amiss on this node just now, and what has been: each alarm has a name, begins once and ends once. Whoever watches something
 * calls `activate` and `deactivate`; repeating either changes nothing.
 */
import type { NodeName } from '../../base/ids.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { AlarmConfig } from '../../config/overloadConfig.ts';
import { speak, SYS_ROOT, type SysPort } from './sysPublisher.ts';

export interface Alarm {
  readonly name: string;
  /** For people. */
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly activatedAtMs: Millis;
  /** Null while it is active. */
  readonly deactivatedAtMs: Millis | null;
}

export interface AlarmsOptions {
  readonly port: SysPort;
  readonly node: NodeName;
  readonly log: Log;
  readonly config: AlarmConfig;
}

const MICROS_PER_MILLI = 1_000;

export class Alarms {
  readonly #options: AlarmsOptions;
  #config: AlarmConfig;
  readonly #active = new Map<string, Alarm>();
  /** Oldest end first. */
  #past: Alarm[] = [];

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  get config(): AlarmConfig {
    return this.#config;
  }

  configure(config: AlarmConfig): void {
    this.#config = config;
    this.#forgetOld();
  }

  /** False when it is active already, or when as many are active as may be; then it is logged and not kept. */
  activate(name: string, message: string, details: Readonly<Record<string, unknown>> = {}): boolean {
    if (this.#active.has(name)) return false;
    if (this.#active.size >= this.#config.sizeLimit) {
      this.#options.log.warn('alarm_not_kept', { name, message, size_limit: this.#config.sizeLimit });
      return false;
    }
    const alarm = { name, message, details, activatedAtMs: this.#options.port.clock.now(), deactivatedAtMs: null };
    this.#active.set(name, alarm);
    this.#tell(alarm);
    return true;
  }

  /** False when it is not active. */
  deactivate(name: string): boolean {
    const alarm = this.#active.get(name);
    if (alarm === undefined) return false;
    this.#active.delete(name);
    const past = { ...alarm, deactivatedAtMs: this.#options.port.clock.now() };
    this.#past.push(past);
    this.#forgetOld();
    this.#tell(past);
    return true;
  }

  /** Newest first. */
  list(activated: boolean): readonly Alarm[] {
    if (activated) return [...this.#active.values()].reverse();
    this.#forgetOld();
    return this.#past.toReversed();
  }

  /** Forgets past ones. */
  clearHistory(): void {
    this.#past = [];
  }

  #forgetOld(): void {
    const sinceMs = this.#options.port.clock.now() - this.#config.validityPeriodMs;
    const young = this.#past.filter(({ deactivatedAtMs }) => deactivatedAtMs === null || deactivatedAtMs >= sinceMs);
    this.#past = young.slice(-this.#config.sizeLimit);
  }

  #tell(alarm: Alarm): void {
    const { port, node, log } = this.#options;
    const { name, message, details, activatedAtMs, deactivatedAtMs } = alarm;
    const isActive = deactivatedAtMs === null;
    if (this.#config.actions.includes('log')) log.warn(isActive ? 'alarm_is_activated' : 'alarm_is_deactivated', { name, message, details });
    if (!this.#config.actions.includes('publish')) return;
    speak(port, `${SYS_ROOT}/${node}/alarms/${isActive ? 'activate' : 'deactivate'}`, () =>
      JSON.stringify({
        name,
        details,
        message,
        activate_at: activatedAtMs * MICROS_PER_MILLI,
        deactivate_at: isActive ? 'infinity' : deactivatedAtMs * MICROS_PER_MILLI,
        activated: isActive,
      }),
    );
  }
}

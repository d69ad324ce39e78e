/** What a node says about itself below `$SYS/brokers` at fixed intervals (broker-contract 5.1 to 5.3). The first tick comes one interval after start. */
import { formatUptime } from '../../base/uptime.ts';
import type { Millis, NodeName } from '../../base/ids.ts';
import type { SysTopicsConfig } from '../../config/serviceConfig.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { Timer, TimerName, TimerOwner, Timers } from '../../session/ports.ts';
import { speak, SYS_ROOT, type SysPort } from './sysPublisher.ts';

export interface SysTopicsPort extends SysPort {
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly startedAtMs: Millis;
}

export interface SysTopicsOptions {
  readonly port: SysTopicsPort;
  readonly node: NodeName;
  readonly version: string;
  /** Members of the cluster that run, this node included. */
  readonly runningNodes: () => readonly string[];
  readonly config: Pick<SysTopicsConfig, 'msgIntervalMs' | 'heartbeatIntervalMs' | 'payloads'>;
}

type SysTimer = 'sysMessages' | 'sysHeartbeat';

/** Name of the product, as `ctl broker` shows it. */
const SYS_DESCRIPTION = 'Busbar';

export class SysTopics implements TimerOwner {
  readonly #options: SysTopicsOptions;
  readonly #base: string;
  #config: SysTopicsOptions['config'];
  readonly #timers = new Map<SysTimer, Timer>();

  constructor(options: SysTopicsOptions) {
    this.#options = options;
    this.#base = `${SYS_ROOT}/${options.node}`;
    this.#config = options.config;
    this.#arm('sysMessages');
    this.#arm('sysHeartbeat');
  }

  /** Intervals start anew; an interval of infinity has no timer. */
  configure(config: SysTopicsOptions['config']): void {
    this.#config = config;
    this.#arm('sysMessages');
    this.#arm('sysHeartbeat');
  }

  dispose(): void {
    for (const timer of this.#timers.values()) timer.cancelled = true;
    this.#timers.clear();
  }

  onTimer(name: TimerName): void {
    if (name === 'sysMessages') this.#messages();
    else if (name === 'sysHeartbeat') this.#heartbeat();
    else return;
    this.#arm(name);
  }

  #arm(name: SysTimer): void {
    const { timers, clock } = this.#options.port;
    const running = this.#timers.get(name);
    if (running !== undefined) running.cancelled = true;
    const intervalMs = name === 'sysMessages' ? this.#config.msgIntervalMs : this.#config.heartbeatIntervalMs;
    if (intervalMs === Number.POSITIVE_INFINITY) this.#timers.delete(name);
    else this.#timers.set(name, timers.schedule(this, name, clock.now() + intervalMs));
  }

  #heartbeat(): void {
    const { port } = this.#options;
    const nowMs = port.clock.now();
    const forPeople = this.#config.payloads === 'emqx4';
    speak(port, `${this.#base}/uptime`, () => (forPeople ? formatUptime(nowMs - port.startedAtMs) : String(nowMs - port.startedAtMs)));
    speak(port, `${this.#base}/datetime`, () => (forPeople ? timeForPeople(nowMs) : rfc3339Nanoseconds(nowMs)));
  }

  #messages(): void {
    const { port, version, runningNodes } = this.#options;
    const kept = { retain: true };
    speak(port, SYS_ROOT, () => runningNodes().join(','), kept);
    speak(port, `${this.#base}/version`, () => version, kept);
    speak(port, `${this.#base}/sysdescr`, () => SYS_DESCRIPTION, kept);
    const stats = port.metrics.stats();
    // EMQX publishes `routes` too, equal to `topics`.
    const routes = { 'routes.count': stats['topics.count'] ?? 0, 'routes.max': stats['topics.max'] ?? 0 };
    this.#numbers('stats', { ...stats, ...routes });
    this.#numbers('metrics', port.metrics.counters());
  }

  #numbers(group: 'stats' | 'metrics', numbers: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(numbers)) {
      speak(this.#options.port, `${this.#base}/${group}/${name.replaceAll('.', '/')}`, () => String(value));
    }
  }
}

/** `2024-12-20T09:39:58.123000000+00:00` */
function rfc3339Nanoseconds(ms: Millis): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000000+00:00`;
}

/** `2024-12-20 09:39:58` */
function timeForPeople(ms: Millis): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

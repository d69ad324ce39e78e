/**
 * Clients that take in less than they are sent, looked at once a second while the system holds a write of theirs back: an alarm tells of them
 * (`conn_congestion`), and one that takes up too much memory is disconnected, so that it costs nobody else anything (`force_shutdown`).
 */
import type { Millis } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { CongestionConfig, ForceShutdownConfig } from '../config/overloadConfig.ts';
import type { Alarms } from '../core/services/alarms.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import type { Channel } from '../session/channel.ts';
import type { Clock, TimerOwner, Timers } from '../session/ports.ts';

/** A write that the system has not taken for so long is no hiccup of a busy network. */
const CONGESTED_AFTER_MS = 1_000;
const BYTES_IN_MEGABYTE = 1_048_576;

export interface SlowClientsOptions {
  readonly congestion: CongestionConfig;
  readonly forceShutdown: ForceShutdownConfig;
  readonly alarms: Alarms;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** A client whose socket takes nothing. */
export interface SlowClient {
  readonly channel: Channel;
  readonly connection: { readonly waitingBytes: number; readonly congested: boolean };
}

interface Congestion {
  readonly alarm: string;
  lastSeenMs: Millis;
}

export class SlowClients implements TimerOwner {
  readonly #options: SlowClientsOptions;
  readonly #congested = new Map<SlowClient, Congestion>();
  #timerIsSet = false;

  constructor(options: SlowClientsOptions) {
    this.#options = options;
  }

  /** The system has held a write of this client back for so long. */
  look(client: SlowClient, blockedMs: Millis): void {
    if (client.channel.connState !== 'connected') return;
    const { congestion, forceShutdown } = this.#options;
    if (client.connection.waitingBytes > forceShutdown.maxWaitingBytes) return this.#shutDown(client);
    if (!congestion.enableAlarm || (blockedMs < CONGESTED_AFTER_MS && !client.connection.congested)) return;
    const known = this.#congested.get(client);
    if (known === undefined) this.#raise(client);
    else known.lastSeenMs = this.#options.clock.now();
  }

  /** Its connection has ended. */
  gone(client: SlowClient): void {
    if (this.#congested.size === 0) return;
    const congestion = this.#congested.get(client);
    if (congestion !== undefined) this.#end(client, congestion);
  }

  #shutDown({ channel, connection }: SlowClient): void {
    const { metrics, log, forceShutdown } = this.#options;
    const { clientId, username, peerHost } = channel.identity;
    metrics.inc(METRIC['overload_protection.client_shutdown']);
    log.warn('client_force_shutdown', { clientid: clientId, username, peerhost: peerHost, waiting_bytes: connection.waitingBytes, max_heap_size: forceShutdown.maxWaitingBytes });
    const megabytes = Math.floor(connection.waitingBytes / BYTES_IN_MEGABYTE);
    channel.disconnect(ReasonCode.QuotaExceeded, {
      reason: 'force_shutdown',
      reasonString: `${megabytes} MB wait for this client, more than force_shutdown.max_heap_size`,
    });
  }

  #raise(client: SlowClient): void {
    const { alarms, clock } = this.#options;
    const { clientId, username, peerHost } = client.channel.identity;
    const alarm = `conn_congestion/${clientId}/${username ?? 'undefined'}`;
    const details = { clientid: clientId, username: username ?? 'undefined', peerhost: peerHost, listener: client.channel.connection.listener, waiting_bytes: client.connection.waitingBytes };
    if (!alarms.activate(alarm, 'A client takes in less than it is sent.', details)) return;
    this.#congested.set(client, { alarm, lastSeenMs: clock.now() });
    this.#arm();
  }

  #end(client: SlowClient, { alarm }: Congestion): void {
    this.#congested.delete(client);
    this.#options.alarms.deactivate(alarm);
  }

  onTimer(): void {
    this.#timerIsSet = false;
    const untilMs = this.#options.clock.now() - this.#options.congestion.minAlarmSustainMs;
    for (const [client, congestion] of this.#congested) if (congestion.lastSeenMs <= untilMs) this.#end(client, congestion);
    this.#arm();
  }

  #arm(): void {
    if (this.#timerIsSet || this.#congested.size === 0) return;
    this.#timerIsSet = true;
    const { timers, clock, congestion } = this.#options;
    const oldestMs = Math.min(...[...this.#congested.values()].map(({ lastSeenMs }) => lastSeenMs));
    timers.schedule(this, 'congestion', Math.max(clock.now(), oldestMs + congestion.minAlarmSustainMs));
  }
}

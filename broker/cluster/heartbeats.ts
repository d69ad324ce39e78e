/** Heartbeats (R16): signs of life in both directions, round trip, view, and the marks by which tables are compared. */
import type { Millis } from '../base/ids.ts';
import { ECHO_SILENT_MS, HEARTBEAT_MS } from './limits.ts';
import type { LinkTable } from './linkTable.ts';
import type { Membership } from './membership.ts';
import type { LinkState } from './peer.ts';
import type { ClockPort } from './ports.ts';
import type { TableReplication } from './tables/replication.ts';
import { encodeHeartbeat, type Heartbeat } from './wire/v1.ts';

export interface HeartbeatsOptions {
  readonly members: Membership;
  readonly links: LinkTable;
  readonly routes: TableReplication;
  readonly clock: ClockPort;
}

export class Heartbeats {
  readonly #options: HeartbeatsOptions;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  sendWhenDue(link: LinkState, nowMs: Millis): void {
    if (nowMs - link.lastBeatMs >= HEARTBEAT_MS) this.send(link);
  }

  send(link: LinkState): void {
    const { members, routes, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    // Rows first: the mark in the heartbeat must not run ahead of them.
    routes.stream(link);
    link.lastBeatMs = nowMs;
    link.heartbeat(
      encodeHeartbeat({
        sentUs: toUs(nowMs),
        echoUs: link.echo?.theirUs ?? 0,
        echoAgeUs: link.echo === undefined ? 0 : toUs(nowMs - link.echo.heardMs),
        heardAgoMs: Math.floor(nowMs - link.peer.heardMs),
        routes: routes.own.mark,
        view: members.view(),
      }),
    );
  }

  receive(link: LinkState, beat: Heartbeat): void {
    const { links, routes, clock } = this.#options;
    const { peer } = link;
    const nowMs = clock.monotonicMs();
    link.echo = { theirUs: beat.sentUs, heardMs: nowMs };
    if (beat.echoUs !== 0) peer.rttMs = Math.max(0, toUs(nowMs) - beat.echoUs - beat.echoAgeUs) / 1_000;
    if (beat.heardAgoMs > ECHO_SILENT_MS) {
      // R18: the other direction is cut; both ends must agree within one time-out.
      links.end(link, 'LINK_SILENT', `${peer.name} has not heard this node for ${beat.heardAgoMs} ms`);
      return;
    }
    routes.peerBeat(link, beat.routes);
  }
}

/** A time or duration in whole microseconds. */
function toUs(ms: Millis): number {
  return Math.round(ms * 1_000);
}

/** Rates from counters: what the nodes told, as one picture a second, and what changed between two pictures. */
import type { LinkSnapshot, NodeSnapshot } from '../../broker/api/schema/topology.ts';
import type { NodeRates, TopologyFrame } from '../contract/cluster.ts';

/** Seconds of history kept; the oldest frame goes first. */
export const MAX_FRAMES = 15 * 60;
/** A node that has not reported for this long shows no figures. */
export const STALE_MS = 3_500;

interface Report {
  readonly snapshot: NodeSnapshot;
  readonly previous: NodeSnapshot | undefined;
  readonly atMs: number;
}

export type LinkChange = { readonly key: 'link.up' | 'link.down'; readonly a: string; readonly b: string; readonly reason: string | null };

type FrameLink = TopologyFrame['links'][number];

export class TopologyFrames {
  readonly #reports = new Map<string, Report>();
  readonly #frames: TopologyFrame[] = [];
  /** Node pairs that were linked at the last look. */
  readonly #linked = new Set<string>();

  /** Takes what `name` told. */
  report(name: string, snapshot: NodeSnapshot, nowMs: number): void {
    const last = this.#reports.get(name)?.snapshot;
    // A restarted node counts from zero again: no rate can be told across that.
    const previous = last && last.nodeId === snapshot.nodeId && last.uptimeMs < snapshot.uptimeMs ? last : undefined;
    this.#reports.set(name, { snapshot, previous, atMs: nowMs });
  }

  /** The process of `name` is gone. */
  forget(name: string): void {
    this.#reports.delete(name);
  }

  snapshot(name: string): NodeSnapshot | undefined {
    return this.#reports.get(name)?.snapshot;
  }

  /** Makes the frame of this second and keeps it. */
  take(names: readonly string[], nowMs: number): TopologyFrame {
    const fresh = (name: string) => {
      const report = this.#reports.get(name);
      return report && nowMs - report.atMs <= STALE_MS ? report : undefined;
    };
    const shortNames = new Map([...this.#reports].map(([name, report]) => [report.snapshot.node, name]));
    const frame: TopologyFrame = {
      timeMs: nowMs,
      nodes: names.map((name) => {
        const report = fresh(name);
        return { name, snapshot: report?.snapshot ?? null, rates: report?.previous ? nodeRates(report.previous, report.snapshot) : null };
      }),
      links: names.flatMap((from) => {
        const report = fresh(from);
        return (report?.snapshot.links ?? []).map((link) => frameLink(from, shortNames.get(link.peer) ?? shortOf(link.peer), link, report));
      }),
    };
    this.#frames.push(frame);
    if (this.#frames.length > MAX_FRAMES) this.#frames.shift();
    return frame;
  }

  /** Frames after `sinceMs`, oldest first. */
  since(sinceMs: number): readonly TopologyFrame[] {
    return this.#frames.filter((frame) => frame.timeMs > sinceMs);
  }

  /** Links that came or went since the last call. A pair counts as linked while no reporting end says otherwise. */
  linkChanges(): readonly LinkChange[] {
    const states = new Map<string, { a: string; b: string; up: boolean; reason: string | null }>();
    for (const [name, { snapshot }] of this.#reports) {
      for (const link of snapshot.links) {
        const [a = '', b = ''] = [name, shortOf(link.peer)].sort();
        const pair = `${a} ${b}`;
        const known = states.get(pair);
        states.set(pair, { a, b, up: link.state !== 'down' && (known?.up ?? true), reason: known?.reason ?? link.reason });
      }
    }
    const changes: LinkChange[] = [];
    for (const [pair, { a, b, up, reason }] of states) {
      if (up === this.#linked.has(pair)) continue;
      if (up) this.#linked.add(pair);
      else this.#linked.delete(pair);
      changes.push({ key: up ? 'link.up' : 'link.down', a, b, reason: up ? null : reason });
    }
    // Pairs nobody reports any more have lost both ends: their nodes' own events tell that.
    for (const pair of [...this.#linked]) if (!states.has(pair)) this.#linked.delete(pair);
    return changes;
  }
}

/** `busbar-1` of `busbar-1@127.0.0.1`. */
export function shortOf(node: string): string {
  return node.split('@')[0] ?? node;
}

function nodeRates(before: NodeSnapshot, after: NodeSnapshot): NodeRates {
  const per = perSecond(before, after);
  return {
    messagesIn: per(before.messagesIn, after.messagesIn),
    messagesOut: per(before.messagesOut, after.messagesOut),
    dropped: per(before.messagesDropped, after.messagesDropped),
    denied: per(before.denied, after.denied),
    bytesIn: per(before.bytesIn, after.bytesIn),
    bytesOut: per(before.bytesOut, after.bytesOut),
  };
}

function frameLink(from: string, to: string, link: LinkSnapshot, report: Report | undefined): FrameLink {
  const before = report?.previous?.links.find((candidate) => candidate.peer === link.peer);
  const per = report?.previous && before ? perSecond(report.previous, report.snapshot) : () => 0;
  return {
    from,
    to,
    state: link.state,
    messagesPerSecond: per(before?.messagesOut ?? 0, link.messagesOut),
    bytesPerSecond: per(before?.bytesOut ?? 0, link.bytesOut),
    controlPerSecond: per(before?.controlOut ?? 0, link.controlOut),
    rttMs: link.rttMs,
    queueBytes: link.queueBytes,
    reason: link.reason,
  };
}

/** A counter that fell was reset (a link that was made anew): then the count since is all we know. */
function perSecond(before: NodeSnapshot, after: NodeSnapshot): (from: number, to: number) => number {
  const seconds = Math.max(0.001, (after.uptimeMs - before.uptimeMs) / 1000);
  return (from, to) => (to >= from ? to - from : to) / seconds;
}

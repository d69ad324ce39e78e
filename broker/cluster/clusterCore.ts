/**
 * cluster/: who is in the cluster and what its members share.
 * In: frames of proven peers, the end of links, ticks, local route changes, messages to forward, questions. Out: `ClusterPorts`.
 * Knows no sockets, no timers. May import: base, topics. Must not: io, api, core, node:*, ambient time or randomness.
 * Begin here for what a frame or a local change leads to; linkGate.ts is the door (connections, handshake, dialling), linkTable.ts
 * decides up and down, tables/ replicates routes, shared/ what all nodes have alike, sessions/ durable sessions (both by stream.ts), wire/v1.ts has the frozen bytes, clusterNode.ts puts all together.
 */
import type { Millis, NodeId, NodeName } from '../base/ids.ts';
import { RouteBarrier } from './barrier.ts';
import { Calls, nodeDown } from './calls.ts';
import type { DialPlan, DialTarget, TargetStanding } from './dialPlan.ts';
import type { LinkRole } from './handshake.ts';
import { Heartbeats } from './heartbeats.ts';
import { CLOCK_ALARM_MS, MAX_MEMBERS, STALL_MS } from './limits.ts';
import type { LinkEnd } from './linkEnd.ts';
import { WRITE_GAP_MS } from './linkQueue.ts';
import { LinkTable, type GatePort } from './linkTable.ts';
import { Membership } from './membership.ts';
import type { LinkState, Peer } from './peer.ts';
import type { Address, AskResult, ClusterClaim, ClusterOptions, ClusterPorts, ClusterPublish, ForwardedPublishes, LinkId, LinkReport } from './ports.ts';
import { linkReports, memberRows, routeRows, type MemberStatus, type RouteRow } from './reports.ts';
import { routeSink, routeValue } from './routeRows.ts';
import type { ClusterStream, StreamHost } from './stream.ts';
import { OwnTable } from './tables/ownTable.ts';
import { TableReplication } from './tables/replication.ts';
import { protocolError } from './wire/bytes.ts';
import type { Frame, FrameReader } from './wire/frameReader.ts';
import * as v1 from './wire/v1.ts';
import { encodeClaimValue } from './wire/v1Claims.ts';
import { encodeGroupValue } from './wire/v1Groups.ts';
import { decodeForwards, decodeSharedForward, encodeSharedForward } from './wire/v1Publish.ts';

export class ClusterCore {
  readonly #options: ClusterOptions;
  readonly #ports: ClusterPorts;
  readonly #gate: GatePort;
  readonly #plan: DialPlan;
  readonly #members: Membership;
  readonly #links: LinkTable;
  readonly #routes: TableReplication;
  readonly #heartbeats: Heartbeats;
  readonly #barrier: RouteBarrier;
  readonly #calls: Calls;
  readonly #streams: ClusterStream[] = [];
  #lastTickMs: Millis;
  #turnEndAsked = false;

  constructor(options: ClusterOptions, ports: ClusterPorts, gate: GatePort, plan: DialPlan) {
    const { broker, clock, log } = ports;
    const { identity } = options;
    this.#options = options;
    this.#ports = ports;
    this.#gate = gate;
    this.#plan = plan;
    this.#members = new Membership(identity, (peer) => routeSink(broker, () => peer.name));
    this.#links = new LinkTable({
      identity,
      members: this.#members,
      plan,
      gate,
      transport: ports.transport,
      clock,
      log,
      events: {
        opened: (link, hello) => this.#greet(link, hello),
        dropped: (link) => {
          this.#calls.linkClosed(link);
          for (const stream of this.#streams) stream.dropped(link);
        },
        down: (peer) => this.#peerDown(peer),
        frame: (id, frame) => this.frame(id, frame),
      },
    });
    this.#routes = new TableReplication(new OwnTable(options.deltaRing), log);
    this.#heartbeats = new Heartbeats({ members: this.#members, links: this.#links, routes: this.#routes, clock });
    this.#barrier = new RouteBarrier(() => this.#members.present());
    this.#calls = new Calls(ports.answer, () => this.#touch());
    this.#lastTickMs = clock.monotonicMs();
  }

  /** Before the first link. */
  addStream(create: (host: StreamHost) => ClusterStream): void {
    const { clock, crypto, log } = this.#ports;
    const linkTo = (nodeId: NodeId) => this.#members.get(nodeId)?.link;
    const { identity } = this.#options;
    this.#streams.push(create({ identity, members: this.#members, clock, crypto, log, touch: () => this.#touch(), linkTo }));
  }

  get #nowMs(): Millis {
    return this.#ports.clock.monotonicMs();
  }

  /** Something waits to be written: end the turn soon. */
  #touch(): void {
    if (this.#turnEndAsked) return;
    this.#turnEndAsked = true;
    this.#ports.transport.requestTurnEnd();
  }

  // ---------------------------------------------------------------- links

  /** A connection has proven itself. */
  linkOpened(id: LinkId, role: LinkRole, hello: v1.Hello): void {
    this.#links.opened(id, role, hello);
  }

  #greet(link: LinkState, hello: v1.Hello): void {
    const differenceMs = hello.wallMs - this.#ports.clock.wallMs();
    if (Math.abs(differenceMs) > CLOCK_ALARM_MS) {
      const hint = 'Set the clocks of both machines.';
      this.#ports.log.warn('cluster_clock_differs', { peer: hello.name, difference_ms: differenceMs, hint });
    }
    const { peer } = link;
    const members = this.#members.rows(this.#options.address);
    link.control(v1.encodeSnap({ wasDown: peer.gaveUp, routes: this.#routes.own.mark, have: peer.table.seq, received: peer.receivedForwards, members }));
    link.sentForwards = peer.sentForwards;
    this.#routes.snapSent(link);
    for (const stream of this.#streams) stream.opened(link);
    this.#touch();
  }

  /** Bytes of a proven peer: a sign of life whatever they mean. */
  heard(id: LinkId, bytes: number): void {
    const peer = this.#links.get(id)?.peer;
    if (peer === undefined) return;
    peer.heardMs = this.#nowMs;
    peer.counters.bytesIn += bytes;
  }

  /** The connection has ended, by the network or by the peer's CLOSE. */
  linkClosed(id: LinkId, end: LinkEnd): void {
    this.#links.closed(id, end);
    this.#touch();
  }

  /** One order of effects (R17): the broker forgets the routes, streams act, waiting SUBACKs go on, the others hear of it. */
  #peerDown(peer: Peer): void {
    this.#ports.broker.remoteNodeDown(peer.name);
    for (const stream of this.#streams) stream.down(peer);
    this.#barrier.release();
    this.#beatAll();
  }

  // ---------------------------------------------------------------- frames

  /** One frame of a proven peer, CLOSE excepted. Throws CLUSTER_PROTOCOL when it cannot be understood: the gate ends the link. */
  frame(id: LinkId, frame: Frame): void {
    const link = this.#links.get(id);
    if (link === undefined) {
      this.#links.hold(id, frame);
      return;
    }
    if (frame.kind === v1.Kind.forward) {
      this.#forwards(link, decodeForwards(frame.flags, frame.body, 0, frame.body.length));
      return;
    }
    if (frame.kind === v1.Kind.forwardShared) {
      link.peer.counters.messagesIn += 1;
      link.peer.counters.forwardsIn += 1;
      const { publish, key, again } = decodeSharedForward(frame.flags, frame.body);
      this.#ports.broker.dispatchShared(link.peer.name, publish, key, again);
      return;
    }
    if (frame.kind !== v1.Kind.heartbeat) link.peer.counters.controlIn += 1;
    this.#controlFrame(link, frame);
    this.#touch();
  }

  /** A FWD0 frame where it lies: by far the most frames of a busy link are these. False when it must wait (`frame`). */
  forwards(id: LinkId, reader: FrameReader): boolean {
    const link = this.#links.get(id);
    if (link === undefined) return false;
    this.#forwards(link, decodeForwards(reader.flags, reader.bytes, reader.bodyAt, reader.bodyEnd));
    return true;
  }

  #forwards({ peer }: LinkState, publishes: ForwardedPublishes): void {
    const count = this.#ports.broker.dispatchForwarded(peer.name, publishes);
    peer.counters.messagesIn += count;
    peer.counters.forwardsIn += count;
  }

  #controlFrame(link: LinkState, { kind, flags, body }: Frame): void {
    switch (kind) {
      case v1.Kind.snap:
        return this.#onSnap(link, v1.decodeSnap(flags, body));
      case v1.Kind.heartbeat:
        return this.#heartbeats.receive(link, v1.decodeHeartbeat(body));
      case v1.Kind.rows:
        this.#routes.onRows(link, v1.decodeRows(flags, body));
        return this.#confirm(link);
      case v1.Kind.rowsTaken:
        v1.decodeRowsTaken(body);
        return this.#routes.onRowsTaken(link);
      case v1.Kind.pull:
        return this.#routes.onPull(link, v1.decodePull(body));
      case v1.Kind.barrier:
        link.barrierOwed = v1.decodeBarrier(body);
        return this.#confirm(link);
      case v1.Kind.barrierAck:
        link.peer.ackedSeq = Math.max(link.peer.ackedSeq, Math.min(v1.decodeBarrier(body), this.#routes.own.seq));
        return this.#barrier.release();
      case v1.Kind.call:
        return this.#calls.onCall(link, body);
      case v1.Kind.reply:
        return this.#calls.onReply(link, flags, body);
      default:
        for (const stream of this.#streams) if (kind >= stream.kinds.from && kind <= stream.kinds.to) return stream.frame(link, { kind, flags, body });
        throw protocolError(`Frame kind ${kind} is unknown in wire version ${v1.WIRE_VERSION}`);
    }
  }

  #onSnap(link: LinkState, snap: v1.Snap): void {
    const { peer } = link;
    if (link.snapped) throw protocolError('A second SNAP');
    // After a down episode the peer forgets our rows, whatever it has just said (R20).
    const episode = snap.wasDown || peer.gaveUp;
    const news = this.#links.snapped(link, snap.wasDown);
    peer.ackedSeq = episode ? 0 : Math.min(snap.have, this.#routes.own.seq);
    const lost = peer.lostForwards(link.sentForwards, snap.received);
    if (lost > 0) this.#lost(peer, lost);
    this.#learnMembers(peer, snap.members);
    if (news) this.#beatAll();
    for (const stream of this.#streams) stream.up(link, episode);
    this.#routes.peerSnap(link, snap.routes);
    this.#barrier.release();
  }

  // ---------------------------------------------------------------- members, as the member table has them

  /** What left or was forgotten is not learned from others. */
  set isGone(isGone: (nodeId: NodeId) => boolean) {
    this.#members.isGone = isGone;
  }

  learnMember({ nodeId, name, address }: { readonly nodeId: NodeId; readonly name: NodeName; readonly address: Address }): void {
    const learned = this.#members.learn({ nodeId, name, incarnation: 0, ...address });
    if (learned !== undefined && learned !== 'full') this.#plan.addMember(address, nodeId);
  }

  forgetMember(nodeId: NodeId, reason: string): void {
    this.#links.forget(nodeId, reason);
    this.#touch();
  }

  standAlone(alone: boolean): void {
    this.#links.alone = alone;
    if (!alone) return;
    this.#plan.propose([]);
    for (const { nodeId } of [...this.#members.all()]) this.#links.forget(nodeId, `${this.#options.identity.name} has left the cluster`);
    this.#touch();
  }

  peers(): Iterable<Peer> {
    return this.#members.all();
  }

  #learnMembers(peer: Peer, rows: readonly v1.MemberRow[]): void {
    for (const row of rows) {
      if (row.nodeId === peer.nodeId) {
        peer.address = { host: row.host, port: row.port };
        this.#plan.addMember(peer.address, peer.nodeId);
        continue;
      }
      const learned = this.#members.learn(row);
      if (learned === 'full') this.#ports.log.warn('cluster_member_ignored', { node: row.name, limit: MAX_MEMBERS });
      else if (learned?.address !== undefined) this.#plan.addMember(learned.address, learned.nodeId);
    }
  }

  /** "Applied up to seq", as soon as that is so. What we wrote before goes first: of two claims on one thing, one side hears in time. */
  #confirm(link: LinkState): void {
    const { table } = link.peer;
    if (link.barrierOwed === 0 || table.isBuilding || table.seq < link.barrierOwed) return;
    this.#routes.stream(link);
    link.control(v1.encodeBarrier(v1.Kind.barrierAck, table.seq));
    link.barrierOwed = 0;
  }

  // ---------------------------------------------------------------- time

  /** Heartbeats, silence, time-outs. Several times a second. */
  tick(): void {
    const nowMs = this.#nowMs;
    this.#allowForStall(nowMs);
    this.#links.tick(nowMs);
    for (const link of this.#links.all()) this.#heartbeats.sendWhenDue(link, nowMs);
    this.#barrier.tick(nowMs);
    this.#calls.tick(nowMs);
    for (const stream of this.#streams) stream.tick(nowMs);
    this.#touch();
  }

  #allowForStall(nowMs: Millis): void {
    const gapMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (gapMs < STALL_MS) return;
    this.#ports.log.warn('cluster_node_stalled', { stalled_ms: Math.round(gapMs) });
    this.#links.allowFor(gapMs, nowMs);
  }

  /** The view has changed: all peers hear of it at once (R16). */
  #beatAll(): void {
    for (const link of this.#links.all()) this.#heartbeats.send(link);
    this.#touch();
  }

  /** The frames of this turn leave, one write per link. */
  turnEnd(): void {
    this.#turnEndAsked = false;
    const nowMs = this.#nowMs;
    let allWritten = true;
    for (const stream of this.#streams) stream.turnEnd();
    for (const link of this.#links.all()) {
      link.settle();
      this.#routes.stream(link);
      this.#barrier.ask(link);
      if (!link.endTurn(nowMs)) allWritten = false;
      if (link.overflowed) this.#links.end(link, 'LINK_OVERFLOW', `${link.queueBytes} bytes wait for ${link.peer.name}`);
    }
    this.#routes.turnEnded();
    if (!allWritten) this.#ports.transport.requestTurnEnd(WRITE_GAP_MS);
  }

  /** Says goodbye on every link, so that the peers need not find out. The core is not used afterwards. */
  stop(): void {
    this.turnEnd();
    for (const link of this.#links.all()) {
      link.flush();
      this.#gate.end(link.id, 'STOPPING', `${this.#options.identity.name} stops`);
      this.#calls.linkClosed(link);
    }
  }

  // ---------------------------------------------------------------- dialling

  /** How the peer behind an address stands. */
  standing(target: DialTarget): TargetStanding {
    const peer = this.#links.peerAt(target.nodeId, target.seedName);
    if (peer === undefined) return 'unlinked';
    if (peer.link !== undefined) return 'linked';
    return peer.state === 'suspect' ? 'suspect' : 'unlinked';
  }

  /** Who is expected at an address: met there, or named by the seed. */
  nameAt(target: DialTarget): NodeName | undefined {
    return this.#links.peerAt(target.nodeId, target.seedName)?.name ?? target.seedName;
  }

  /** A dial to this address was actively refused, or ended otherwise (R17). */
  dialEnded(target: DialTarget, refused: boolean): void {
    const peer = this.#links.peerAt(target.nodeId, target.seedName);
    if (peer === undefined) return;
    if (!refused) peer.refusedSinceMs = undefined;
    else peer.refusedSinceMs ??= this.#nowMs;
  }

  // ---------------------------------------------------------------- the broker's side

  /** `flags`: 0 to 3. */
  routeAdded(topicFilter: string, flags = 0): void {
    if (this.#routes.own.put(topicFilter, routeValue(flags))) this.#touch();
  }

  routeRemoved(topicFilter: string): void {
    if (this.#routes.own.remove(topicFilter)) this.#touch();
  }

  /** Members of a shared group on this node, and how many of them are connected. */
  groupChanged(key: string, online: number, total: number): void {
    const { own } = this.#routes;
    if (total === 0 ? own.remove(key) : own.put(key, encodeGroupValue({ online, total }))) this.#touch();
  }

  /** A client of this node has an exclusive subscription; undefined when it has given it up. */
  claimChanged(key: string, claim: ClusterClaim | undefined): void {
    const { own } = this.#routes;
    if (claim === undefined ? own.remove(key) : own.put(key, encodeClaimValue(claim))) this.#touch();
  }

  /** Calls `done` when all present peers have applied the routes written so far, or after 1 s (R28). May call at once. */
  routeBarrier(done: () => void): void {
    this.#barrier.wait(this.#routes.own.seq, this.#nowMs, done);
    this.#touch();
  }

  /** One copy of a message to one node. Without a link it is lost and counted (R24). */
  forward(node: NodeName, publish: ClusterPublish): void {
    const peer = this.#members.byName(node);
    if (peer?.link === undefined) {
      if (peer !== undefined) this.#lost(peer, 1);
      return;
    }
    if (!peer.link.forward(publish)) this.#ports.broker.forwardsFailed(1, 'dropped');
    this.#touch();
  }

  #lost(peer: Peer, count: number): void {
    peer.counters.lost += count;
    this.#ports.broker.forwardsFailed(count, 'lost');
  }

  /** One message for one member of a shared group on a node. False without a link: some other node may have a member too. */
  forwardShared(node: NodeName, publish: ClusterPublish, key: string, again: boolean): boolean {
    const link = this.#members.byName(node)?.link;
    if (link === undefined) return false;
    if (link.data(encodeSharedForward({ publish, key, again }), publish.qos)) link.peer.counters.forwardsOut += 1;
    else this.#ports.broker.forwardsFailed(1, 'dropped');
    this.#touch();
    return true;
  }

  ask(node: NodeName, question: string, params: unknown, done: (result: AskResult) => void): void {
    if (node === this.#options.identity.name) {
      this.#ports.answer(question, params, done);
      return;
    }
    const peer = this.#members.byName(node);
    if (peer?.link === undefined || peer.state !== 'up') {
      done(nodeDown(node));
      return;
    }
    this.#calls.ask(peer.link, question, params, this.#nowMs, done);
    this.#touch();
  }

  // ---------------------------------------------------------------- views

  /** Ourselves and every member seen or told of, sorted by name (R10). */
  members(): readonly MemberStatus[] {
    return memberRows(this.#options.identity.name, this.#members);
  }

  /** The route table as this node sees it: one row per filter and node, sorted by both. */
  routes(): readonly RouteRow[] {
    return routeRows(this.#options.identity.name, this.#routes.own, this.#members, this.#ports.broker);
  }

  links(): LinkReport[] {
    return linkReports(this.#members);
  }

  /** Messages lost or dropped on their way to other nodes, and waits that gave up. */
  losses(): { readonly forwardsDropped: number; readonly forwardsLost: number; readonly barriersUnconfirmed: number } {
    let forwardsDropped = 0;
    let forwardsLost = 0;
    for (const { counters } of this.#members.all()) {
      forwardsDropped += counters.dropped;
      forwardsLost += counters.lost;
    }
    return { forwardsDropped, forwardsLost, barriersUnconfirmed: this.#barrier.unconfirmed };
  }

  /** What must be empty, but for one link per peer, when all is quiet; for leak checks. */
  pending(): { readonly links: number; readonly probes: number; readonly calls: number; readonly barriers: number } {
    return { links: this.#links.size, probes: this.#links.probing, calls: this.#calls.open, barriers: this.#barrier.waiting };
  }
}

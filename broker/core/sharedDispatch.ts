/** Shared subscriptions of a node: who is in which group, and the one member of each that gets a message. */
import type { BrokerConfig } from '../config/config.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Prng } from '../base/prng.ts';
import type { Routes } from '../router/routes.ts';
import type { SharedGroup } from '../router/sharedGroup.ts';
import { SharedGroups } from '../router/sharedGroups.ts';
import type { ShareAttempt } from '../cluster/sessions/ports.ts';
import type { Clock } from '../session/ports.ts';
import { Publication } from '../session/publication.ts';
import type { Session } from '../session/session.ts';
import { takeSharedRest } from '../session/sharedRest.ts';
import type { Receiver, Subscription } from '../session/subscription.ts';
import type { ClusterPort, ForwardedPublishes } from './clusterPort.ts';
import { Forwarded } from './forwarded.ts';

export interface SharedDispatchOptions {
  readonly config: BrokerConfig;
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly prng: Prng;
  readonly routes: Routes<Receiver>;
  readonly filterChanged: (topicFilter: string) => void;
  /** Nobody is left to take a message that a member could not finish. */
  readonly dropped: (publication: Publication) => void;
  /** Sees to it that a QoS 1 or 2 message gets to a member safely, wherever it is; null while nobody does. */
  readonly safely: (publication: Publication) => boolean;
}

export class SharedDispatch {
  readonly #options: SharedDispatchOptions;
  readonly #groups: SharedGroups<Receiver>;
  readonly #forwarded: Forwarded;
  /** Of the message of another node that is being read. */
  #cameFor = { key: '', again: false };

  constructor(options: SharedDispatchOptions) {
    this.#options = options;
    this.#forwarded = new Forwarded({ ...options, take: (publication) => this.#takeForwarded(publication) });
    const { config, cluster, prng, routes, filterChanged } = options;
    const { groups, others } = config.sharedSubscriptions;
    this.#groups = new SharedGroups({
      self: config.node.name,
      prng,
      policyOf: (group) => groups.get(group) ?? others,
      routes,
      filterChanged,
      localChanged: (group) => cluster.groupChanged(group.key, group.localOnline, group.localMembers),
    });
  }

  /** Shared subscriptions of the whole cluster. */
  get members(): number {
    return this.#groups.members;
  }

  // ---------------------------------------------------------------- members

  join(subscription: Subscription): void {
    const { session, target } = subscription;
    session.sharedCount += 1;
    this.#groups.join(target?.shareGroup ?? '', target?.topicFilter ?? '', subscription, session.channel !== null);
  }

  leave(subscription: Subscription): void {
    const { session, target } = subscription;
    session.sharedCount -= 1;
    this.#groups.leave(target?.shareGroup ?? '', target?.topicFilter ?? '', subscription);
  }

  /** The client of a session came or went. */
  presenceChanged(session: Session): void {
    for (const subscription of session.subscriptions?.values() ?? []) {
      const { target } = subscription;
      if (target?.shareGroup === undefined) continue;
      this.#groups.setOnline(target.shareGroup, target.topicFilter, subscription, session.channel !== null);
    }
  }

  remoteChanged(node: NodeName, key: string, online: number, total: number): void {
    this.#groups.remoteChanged(node, key, online, total);
  }

  nodeDown(node: NodeName): void {
    this.#groups.removeNode(node);
  }

  // ---------------------------------------------------------------- messages

  /** One member of each group gets the message: a session of this node, or some other node sees to it. Returns in how many groups. */
  dispatch(publication: Publication, groups: readonly SharedGroup<Receiver>[]): number {
    let taken = 0;
    for (let index = 0; index < groups.length; index += 1) {
      if (this.#dispatchTo(groups[index] as SharedGroup<Receiver>, publication)) taken += 1;
      else this.#options.dropped(publication);
    }
    return taken;
  }

  /** False when nobody could be reached. */
  #dispatchTo(group: SharedGroup<Receiver>, publication: Publication): boolean {
    const chosen = group.pick(publication);
    if (typeof chosen === 'object') chosen.session.deliver(publication.forGroup(group.key), chosen);
    else if (chosen === undefined || !this.#forward(chosen, publication, group.key, false)) return this.#dispatchNear(group, publication, false);
    return true;
  }

  /** Somebody on this node, else on a node that can be reached: the choice was out of reach, or it was ours and nobody is left. */
  #dispatchNear(group: SharedGroup<Receiver>, publication: Publication, again: boolean): boolean {
    const member = group.pickHere(publication);
    if (member !== undefined) {
      member.session.deliver(publication.forGroup(group.key), member);
      return true;
    }
    return !again && group.otherNodes().some((node) => this.#forward(node, publication, group.key, true));
  }

  #forward(node: NodeName, publication: Publication, key: string, again: boolean): boolean {
    if (!this.#options.cluster.forwardShared(node, this.#aged(publication), key, again)) return false;
    this.#options.metrics.inc(METRIC['messages.forward']);
    return true;
  }

  /** Of a message that has waited here, the other node gets what is left of its time [MQTT-3.3.2-6]. */
  #aged(publication: Publication): Publication {
    const nowMs = this.#options.clock.now();
    if (publication.expiresAtMs === Number.POSITIVE_INFINITY || nowMs === publication.timestampMs) return publication;
    return new Publication({ ...publication.message, properties: publication.propertiesFor(null, nowMs), timestampMs: nowMs }, publication.sharedBy);
  }

  /**
   * A message that another node sent to the members of this one. If the last of them has just left, it goes on to a node that has
   * some, once: `again` says that it has been sent on before.
   */
  dispatchForwarded(node: NodeName, publish: ForwardedPublishes, key: string, again: boolean): void {
    this.#cameFor = { key, again };
    this.#forwarded.read(node, publish);
  }

  #takeForwarded(publication: Publication): void {
    const { key, again } = this.#cameFor;
    const group = this.#groups.get(key);
    if (group === undefined || !this.#dispatchNear(group, publication, again)) this.#options.dropped(publication);
  }

  // ---------------------------------------------------------------- messages that the engine of sessions sees to

  /** As `SessionsHost.share`: true when a session of this node has got it. */
  choose(attempt: Omit<ShareAttempt, 'message'>, publication: Publication): NodeName | boolean {
    const group = this.#groups.get(attempt.key);
    if (group === undefined) return false;
    const { here, again, onlyOnline, notFor, refusedBy } = attempt;
    if (!here && !again && !onlyOnline && notFor === null && refusedBy.length === 0) {
      const chosen = group.pick(publication);
      if (typeof chosen === 'string') return chosen;
      if (chosen !== undefined && !chosen.session.isFull) return this.#give(group, publication, chosen);
    }
    return this.#chooseOther(group, publication, attempt);
  }

  /** The first choice was no good, or another node leaves it to this one. */
  #chooseOther(group: SharedGroup<Receiver>, publication: Publication, { here, again, onlyOnline, notFor, refusedBy }: Omit<ShareAttempt, 'message'>): NodeName | boolean {
    // Somebody whose client is away takes it only when there is nobody else.
    const needsOnline = onlyOnline || (!again && group.prefersOthers);
    const takes = ({ session }: Receiver): boolean => session.clientId !== notFor && (again || !session.isFull) && (!needsOnline || session.channel !== null);
    const member = group.pickHere(publication, takes);
    if (member !== undefined) return this.#give(group, publication, member);
    if (here) return false;
    const node = group.otherNodes(onlyOnline).find((name) => !refusedBy.includes(name));
    if (node !== undefined) return node;
    const anyone = onlyOnline ? undefined : group.pickHere(publication, ({ session }) => session.clientId !== notFor);
    return anyone !== undefined && this.#give(group, publication, anyone);
  }

  #give(group: SharedGroup<Receiver>, publication: Publication, member: Receiver): true {
    member.session.deliver(publication.forGroup(group.key), member);
    return true;
  }

  /** A session is over and has left its groups: what it has not finished goes to other members [MQTT-4.8.2-5]. */
  redispatch(session: Session): void {
    this.passOn(takeSharedRest(session));
  }

  /** Each to a member of the group that it was for. */
  passOn(publications: readonly Publication[]): void {
    for (const publication of publications) {
      if (this.#options.safely(publication)) continue;
      const group = this.#groups.get(publication.sharedBy ?? '');
      if (group === undefined || !this.#dispatchTo(group, publication)) this.#options.dropped(publication);
    }
  }
}

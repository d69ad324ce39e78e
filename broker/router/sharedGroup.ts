/**
 * One shared subscription, `$share/<group>/<filter>`: its members all over the cluster, and the choice of one of them per message.
 *
 * Members of this node are known one by one, those of other nodes by their number. Candidates are numbered through: nodes in order of
 * name, on each node its members; so every node that knows the same members means the same one by the same number, and the strategies
 * are ways to draw a number. Members that are connected are the only candidates while there is one (`preferConnected`).
 * A choice allocates nothing.
 */
import { assert } from '../base/assert.ts';
import type { NodeName } from '../base/ids.ts';
import { randomBelow, type Prng } from '../base/prng.ts';
import type { SharedPolicy, StickyPick } from '../topics/sharedPolicy.ts';
import { sharedKey } from '../topics/sharedSubscription.ts';
import { PublisherMemories, type PublisherMemory } from './publisherMemory.ts';

/** What a choice depends on. */
export interface SharedMessage {
  readonly topic: string;
  readonly fromClientId: string;
}

/** The numbers of one node's members. */
interface NodeMembers {
  readonly node: NodeName;
  online: number;
  total: number;
}

export class SharedGroup<M extends object> {
  /** `$share/<group>/<filter>`, its name in the cluster. */
  readonly key: string;
  readonly group: string;
  readonly topicFilter: string;
  readonly #policy: SharedPolicy;
  readonly #prng: Prng;
  readonly #memories = new PublisherMemories<M>();
  /** Of this node: those whose client is connected first. */
  readonly #members: M[] = [];
  readonly #positions = new Map<M, number>();
  readonly #here: NodeMembers;
  /** This node and all others with members, by name. */
  readonly #nodes: NodeMembers[];
  #online = 0;
  #total = 0;
  /** Grows with every change; remembered choices are checked again. */
  #epoch = 0;
  #turn: number;
  #turnHere: number;
  #hashed = '';
  #hash = hashText('');

  constructor(group: string, topicFilter: string, self: NodeName, policy: SharedPolicy, prng: Prng) {
    this.key = sharedKey(group, topicFilter);
    this.group = group;
    this.topicFilter = topicFilter;
    this.#policy = policy;
    this.#prng = prng;
    this.#here = { node: self, online: 0, total: 0 };
    this.#nodes = [this.#here];
    this.#turn = this.#start();
    this.#turnHere = this.#start();
  }

  /** In the whole cluster. */
  get members(): number {
    return this.#total;
  }

  /** Members that are to be chosen before those of this node, whose clients are all away. */
  get prefersOthers(): boolean {
    return this.#onlyOnline && this.#here.online === 0;
  }

  /** Members of this node. */
  get localMembers(): number {
    return this.#here.total;
  }

  /** Those of them whose client is connected. */
  get localOnline(): number {
    return this.#here.online;
  }

  // ---------------------------------------------------------------- members

  join(member: M, online: boolean): void {
    assert(!this.#positions.has(member), 'a member joins a group once');
    this.#positions.set(member, this.#members.length);
    this.#members.push(member);
    this.#count(this.#here, 0, 1);
    if (online) this.#setOnline(member, true);
  }

  /** False when it was no member. */
  leave(member: M): boolean {
    if (!this.#positions.has(member)) return false;
    this.#setOnline(member, false);
    this.#swap(this.#positions.get(member) as number, this.#members.length - 1);
    this.#members.pop();
    this.#positions.delete(member);
    this.#count(this.#here, 0, -1);
    return true;
  }

  /** The client of a member came or went. */
  setOnline(member: M, online: boolean): void {
    if (this.#positions.has(member)) this.#setOnline(member, online);
  }

  /** What another node tells of its members; a total of 0 takes them back. */
  setRemote(node: NodeName, online: number, total: number): void {
    let at = this.#nodes.findIndex((entry) => entry.node >= node);
    if (at === -1) at = this.#nodes.length;
    let entry = this.#nodes[at];
    if (entry?.node !== node) {
      entry = { node, online: 0, total: 0 };
      this.#nodes.splice(at, 0, entry);
    }
    this.#count(entry, online - entry.online, total - entry.total);
    if (total === 0) this.#nodes.splice(at, 1);
  }

  #setOnline(member: M, online: boolean): void {
    const at = this.#positions.get(member) as number;
    const border = this.#here.online;
    if (at < border === online) return;
    this.#swap(at, online ? border : border - 1);
    this.#count(this.#here, online ? 1 : -1, 0);
  }

  #swap(left: number, right: number): void {
    const [one, other] = [this.#members[left] as M, this.#members[right] as M];
    this.#members[left] = other;
    this.#members[right] = one;
    this.#positions.set(other, left);
    this.#positions.set(one, right);
  }

  #count(entry: NodeMembers, online: number, total: number): void {
    entry.online += online;
    entry.total += total;
    this.#online += online;
    this.#total += total;
    this.#epoch += 1;
  }

  // ---------------------------------------------------------------- choices

  /** One member of the whole cluster for a message published here: the member itself, or the node that has to choose among its own. */
  pick(message: SharedMessage): M | NodeName | undefined {
    if (this.#total === 0) return undefined;
    const { strategy } = this.#policy;
    if (strategy === 'round_robin') return this.#at(this.#memoryOf(message).turn++ % this.#candidates);
    if (strategy === 'round_robin_per_group') return this.#at(this.#turn++ % this.#candidates);
    if (strategy === 'sticky') return this.#stuck(this.#memoryOf(message), message);
    return this.#draw(strategy, message);
  }

  /**
   * One member of this node, for a message that another node sent here. Undefined when there is none. With `takes` one that does, if
   * need be another than the one whose turn it is.
   */
  pickHere(message: SharedMessage, takes?: (member: M) => boolean): M | undefined {
    const chosen = this.#pickHere(message);
    if (takes === undefined || chosen === undefined || takes(chosen)) return chosen;
    return this.#members.find(takes);
  }

  #pickHere(message: SharedMessage): M | undefined {
    const size = this.#candidatesHere;
    if (size === 0) return undefined;
    const { strategy } = this.#policy;
    if (strategy === 'round_robin') return this.#members[this.#memoryOf(message).turnHere++ % size];
    if (strategy === 'round_robin_per_group') return this.#members[this.#turnHere++ % size];
    if (strategy === 'sticky') return this.#stuckHere(this.#memoryOf(message), message);
    return this.#drawHere(strategy, message);
  }

  /** Other nodes with members, those first that have connected ones: for a message whose choice was out of reach. */
  otherNodes(onlyOnline = false): NodeName[] {
    const others = this.#nodes.filter((entry) => entry !== this.#here && (!onlyOnline || entry.online > 0));
    return others.sort((one, other) => other.online - one.online).map(({ node }) => node);
  }

  get #onlyOnline(): boolean {
    return this.#policy.preferConnected && this.#online > 0;
  }

  get #candidates(): number {
    return this.#onlyOnline ? this.#online : this.#total;
  }

  get #candidatesHere(): number {
    return this.#policy.preferConnected && this.#here.online > 0 ? this.#here.online : this.#here.total;
  }

  #at(number: number): M | NodeName {
    const onlyOnline = this.#onlyOnline;
    let left = number;
    for (let index = 0; index < this.#nodes.length; index += 1) {
      const entry = this.#nodes[index] as NodeMembers;
      const size = onlyOnline ? entry.online : entry.total;
      if (left < size) return entry === this.#here ? (this.#members[left] as M) : entry.node;
      left -= size;
    }
    assert(false, 'the candidates of a group are those of its nodes');
  }

  #draw(how: StickyPick, message: SharedMessage): M | NodeName {
    switch (how) {
      case 'random':
        return this.#at(randomBelow(this.#prng, this.#candidates));
      case 'local': {
        const size = this.#onlyOnline ? this.#here.online : this.#here.total;
        return size > 0 ? (this.#members[randomBelow(this.#prng, size)] as M) : this.#at(randomBelow(this.#prng, this.#candidates));
      }
      case 'hash_clientid':
        return this.#at(this.#hashOf(message.fromClientId) % this.#candidates);
      case 'hash_topic':
        return this.#at(this.#hashOf(message.topic) % this.#candidates);
    }
  }

  #drawHere(how: StickyPick, message: SharedMessage): M | undefined {
    if (how === 'random' || how === 'local') return this.#members[randomBelow(this.#prng, this.#candidatesHere)];
    // As long as both nodes know the same members, the number the other one drew means a member of ours.
    const meant = this.#draw(how, message);
    return typeof meant === 'object' ? meant : this.#members[this.#hash % this.#candidatesHere];
  }

  #stuck(memory: PublisherMemory<M>, message: SharedMessage): M | NodeName {
    if (memory.choice !== undefined && (memory.epoch === this.#epoch || this.#isCandidate(memory.choice))) {
      memory.epoch = this.#epoch;
      return memory.choice;
    }
    memory.epoch = this.#epoch;
    return (memory.choice = this.#draw(this.#policy.initialStickyPick, message));
  }

  #stuckHere(memory: PublisherMemory<M>, message: SharedMessage): M | undefined {
    const { choice } = memory;
    if (typeof choice === 'object' && (this.#positions.get(choice) ?? this.#members.length) < this.#candidatesHere) return choice;
    return (memory.choice = this.#drawHere(this.#policy.initialStickyPick, message));
  }

  #isCandidate(choice: M | NodeName): boolean {
    const onlyOnline = this.#onlyOnline;
    if (typeof choice === 'object') {
      const at = this.#positions.get(choice);
      return at !== undefined && (!onlyOnline || at < this.#here.online);
    }
    const entry = this.#nodes.find(({ node }) => node === choice);
    return entry !== undefined && (onlyOnline ? entry.online : entry.total) > 0;
  }

  #memoryOf(message: SharedMessage): PublisherMemory<M> {
    return this.#memories.of(message.fromClientId, this.#start);
  }

  /** Where somebody's turns begin: not all publishers start with the first member. */
  readonly #start = (): number => randomBelow(this.#prng, 0x1_0000);

  #hashOf(text: string): number {
    if (text !== this.#hashed) {
      this.#hashed = text;
      this.#hash = hashText(text);
    }
    return this.#hash;
  }
}

/** FNV-1a with its bits spread: the same on every node. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

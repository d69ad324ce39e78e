/** Wills that go out: whoever was banned or may not publish there any more leaves none (broker-contract 1.5, 2.8). */
import type { Log } from '../base/log.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import type { Qos } from '../protocol/packet.ts';
import { mountTopic } from '../session/mountpoint.ts';
import type { Clock } from '../session/ports.ts';
import type { Session } from '../session/session.ts';
import { willMessage } from '../session/will.ts';
import type { Admission } from './admission.ts';

export interface WillsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly admission: Admission;
  readonly authorize: (client: ClientInfo, action: 'publish', topic: string, qos: Qos, retain: boolean) => boolean;
  readonly publish: (message: Message) => void;
  /** Runs a task in a later turn. */
  readonly defer: (task: () => void) => void;
  /** Published in a later turn: whoever keeps sessions may have asked for the end of the connection, and must not be entered twice. */
  readonly later: boolean;
}

export class Wills {
  readonly #options: WillsOptions;
  #later: boolean;

  constructor(options: WillsOptions) {
    this.#options = options;
    this.#later = options.later;
  }

  /** The node stops: there will be no later turn. */
  atOnce(): void {
    this.#later = false;
  }

  /** Takes the will from the session, and publishes it. */
  publish(session: Session): void {
    const { clock, publish, defer } = this.#options;
    const { will, identity } = session;
    session.will = null;
    if (session.willTimer !== null) session.willTimer.cancelled = true;
    if (will === null || !this.#mayLeave(identity, will.topic, will.qos, will.retain)) return;
    const message = willMessage(will, mountTopic(session.mountpoint, will.topic), identity, clock.now());
    if (this.#later) defer(() => publish(message));
    else publish(message);
  }

  /** Of a client whose connection ended long ago, or at another node. `topic`: as the client calls it. */
  publishLeft(message: Message, topic: string): void {
    const identity = { clientId: message.fromClientId, username: message.fromUsername, peerHost: '', isBridge: false };
    if (this.#mayLeave(identity, topic, message.qos, message.retain)) this.#options.publish({ ...message, timestampMs: this.#options.clock.now() });
  }

  /** A will is authorized when it is published (broker-contract 1.5). */
  #mayLeave(identity: ClientInfo, topic: string, qos: Qos, retain: boolean): boolean {
    const { admission, authorize, log } = this.#options;
    if (!admission.isWelcome(identity)) return false;
    if (authorize(identity, 'publish', topic, qos, retain)) return true;
    log.warn('cannot_publish_will_due_to_not_authorized', { clientid: identity.clientId, username: identity.username, topic });
    return false;
  }
}

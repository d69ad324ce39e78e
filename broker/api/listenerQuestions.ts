/** What a node is asked about its listeners, and how it is told to change them (rest-api.md 6.1). */
import type { NodeId } from '../base/ids.ts';
import type { ListenerType } from '../config/listenerConfig.ts';
import type { JsonObject } from '../config/serviceJson.ts';

export interface ListenerReport {
  /** `tcp:default` */
  readonly id: string;
  readonly type: ListenerType;
  readonly name: string;
  readonly running: boolean;
  /** While it runs with the port it really has. */
  readonly listenOn: string;
  readonly currentConnections: number;
  readonly maxConnections: number | 'infinity';
  /** Connections it turned away, by kind. */
  readonly refused: Readonly<Record<string, number>>;
  /** Clients that are not read just now, and connections that wait to be accepted, because of rates. */
  readonly pausedClients: number;
  readonly waitingConnections: number;
  /** Under EMQX's names; passwords are hidden. */
  readonly settings: JsonObject;
}

/** What the cluster has and this node has not. */
export interface PendingListener {
  readonly id: string;
  readonly type: ListenerType;
  readonly name: string;
  /** A sentence for people, and what to do. */
  readonly reason: string;
}

export type ListenerAction = 'start' | 'stop' | 'restart' | 'reload' | 'create' | 'update' | 'remove';

/** When and where a change was written as one of the cluster. */
export interface ChangeStamp {
  readonly at: number;
  readonly node: NodeId;
}

export interface ListenerQuestions {
  listeners: { params: Record<string, never>; answer: { listeners: readonly ListenerReport[]; pending: readonly PendingListener[] } };
  /**
   * Rejects with BusbarError LISTENER_UNKNOWN, LISTENER_EXISTS, LISTENER_INVALID, or why it cannot start, and then has changed
   * nothing. `settings` of create and update.
   */
  changeListener: {
    params: { action: ListenerAction; type: ListenerType; name: string; settings?: JsonObject };
    answer: { listener: ListenerReport | null };
  };
  /**
   * A change that was asked of all running nodes holds for the others too. `everywhere`: all of those have such a listener. Answers when
   * it is on disk, with the stamp of its row; null: the others have nothing to do.
   */
  shareListener: {
    params: ListenerQuestions['changeListener']['params'] & { everywhere: boolean };
    answer: { stamp: ChangeStamp | null };
  };
  /** Answers when a row that was shared, or a newer one, is known and in force on this node, and on its disk. Rejects with NODE_TIMEOUT. */
  awaitListener: { params: { id: string; stamp: ChangeStamp }; answer: Record<string, never> };
}

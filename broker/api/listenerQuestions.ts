/** What a node is asked about its listeners, and how it is told to change them (rest-api.md 6.1). */
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

export type ListenerAction = 'start' | 'stop' | 'restart' | 'reload' | 'create' | 'update' | 'remove';

export interface ListenerQuestions {
  listeners: { params: Record<string, never>; answer: { listeners: readonly ListenerReport[] } };
  /**
   * Rejects with BusbarError LISTENER_UNKNOWN, LISTENER_EXISTS, LISTENER_INVALID, or why it cannot start, and then has changed
   * nothing. `settings` of create and update.
   */
  changeListener: {
    params: { action: ListenerAction; type: ListenerType; name: string; settings?: JsonObject };
    answer: { listener: ListenerReport | null };
  };
}

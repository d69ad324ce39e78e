/** Which chain a listener asks: its own if it has one, else the one of all (broker-contract 2.2). */
import type { AuthnChain } from './chain.ts';

/** `enable_authn` of a listener: `off` lets everybody in; `quickDeny` refuses who names nobody before anything is asked. */
export type AuthnMode = 'on' | 'off' | 'quickDeny';

export interface ListenerAuthn {
  readonly mode: AuthnMode;
  /** Null: the global chain. */
  readonly chain: AuthnChain | null;
}

/** What is in force; changed at run time, so nobody may keep what `chainOf` answers. */
export class AuthnChains {
  global: AuthnChain;
  /** By listener id; a listener that is not here is `on` and asks the global chain. */
  readonly listeners = new Map<string, ListenerAuthn>();

  constructor(global: AuthnChain) {
    this.global = global;
  }

  modeOf(listener: string): AuthnMode {
    return this.listeners.get(listener)?.mode ?? 'on';
  }

  chainOf(listener: string): AuthnChain {
    return this.listeners.get(listener)?.chain ?? this.global;
  }
}

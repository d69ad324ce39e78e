/** The last checks of a CONNECT before anybody is asked who the client is: bans, and who connects too often (broker-contract 2.1). */
import type { BanSubject, BanTable } from '../access/bans.ts';
import type { FlappingDetector } from '../access/flapping.ts';
import type { Millis } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { AuthnVerdict } from '../protocol/authentication.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';

export interface AdmissionOptions {
  readonly bans: BanTable;
  readonly flapping: FlappingDetector;
  readonly clock: { now(): Millis };
  readonly log: Log;
  /** Bans the client id; the CONNECT that was one too many has passed already. */
  onFlapping(clientId: string): void;
}

export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** 0, or the CONNACK reason code of a refusal. */
  admit(client: BanSubject): number {
    const { bans, flapping, clock, log } = this.#options;
    if (!bans.isEmpty) {
      const ban = bans.find(client, clock.now());
      if (ban !== undefined) {
        log.warn('client_banned', { clientid: client.clientId, username: client.username, peerhost: client.peerHost, as: ban.as, by: ban.by, reason: ban.reason });
        return ReasonCode.Banned;
      }
    }
    if (flapping.config.enable && flapping.connects(client.clientId, clock.now())) {
      log.warn('flapping_detected', { clientid: client.clientId, peerhost: client.peerHost });
      this.#options.onFlapping(client.clientId);
    }
    return ReasonCode.Success;
  }

  /** A client may have been banned while somebody was asked who it is. */
  stillWelcome(client: BanSubject, verdict: AuthnVerdict): AuthnVerdict {
    return verdict.result === 'error' || this.isWelcome(client) ? verdict : { result: 'error', reasonCode: ReasonCode.Banned };
  }

  /** Whether nobody banned this client: its will does not go out otherwise (broker-contract 1.5, 2.8). */
  isWelcome(client: BanSubject): boolean {
    const { bans, clock } = this.#options;
    return bans.isEmpty || bans.find(client, clock.now()) === undefined;
  }
}

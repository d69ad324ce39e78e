/** What an authenticator said about a client becomes part of who it is, until it authenticates again. */
import type { AuthnOk } from '../protocol/authentication.ts';
import type { Channel } from './channel.ts';

export function vouchedFor(channel: Channel, verdict: AuthnOk): void {
  const { isSuperuser = false, clientAttrs, expireAtMs, username } = verdict;
  const { identity, session } = channel;
  if (isSuperuser !== (identity.isSuperuser ?? false) || clientAttrs !== undefined || (username ?? identity.username) !== identity.username) {
    channel.identity = {
      ...identity,
      username: username ?? identity.username,
      isSuperuser,
      ...(clientAttrs !== undefined && { attributes: { ...identity.attributes, ...clientAttrs } }),
    };
    if (session !== null) session.identity = channel.identity;
    // What was decided about who it was before says nothing about who it is now.
    channel.verdict.epoch = -1;
  }
  if (channel.expiryTimer !== null) channel.expiryTimer.cancelled = true;
  channel.expiryTimer = expireAtMs === undefined ? null : channel.node.timers.schedule(channel, 'credentialsExpiry', expireAtMs);
}

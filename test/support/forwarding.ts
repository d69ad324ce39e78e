/** Messages on their way between nodes, for tests: as a broker gives them to the cluster, as they arrive, and what is in them. */
import { silentLog } from '../../broker/base/log.ts';
import type { NodeName } from '../../broker/base/ids.ts';
import { Metrics } from '../../broker/metrics/metrics.ts';
import { Forwarded } from '../../broker/core/forwarded.ts';
import type { ForwardedPublish, ForwardedPublishes } from '../../broker/core/clusterPort.ts';
import type { Message } from '../../broker/protocol/message.ts';
import type { Publication } from '../../broker/session/publication.ts';

/** As the other node gets it. */
export function arrived({ packet, isV5, fromClientId, fromUsername }: ForwardedPublish): ForwardedPublishes {
  return { bytes: Buffer.from(packet), start: 0, end: packet.length, isV5, fromClientId, fromUsername };
}

/** What arrived, received at `nowMs`. */
export function messagesIn(publishes: ForwardedPublishes, nowMs: number): Message[] {
  const messages: Message[] = [];
  const take = ({ message }: Publication): void => void messages.push(message);
  new Forwarded({ clock: { now: () => nowMs }, metrics: new Metrics(), log: silentLog, take }).read('far@h' as NodeName, publishes);
  return messages;
}

/**
 * Topic aliases towards one client (section 3.3.2.3.4): the first topics it is sent get numbers, up to the maximum it announced, and from then
 * on their names are left out. Only clients that announced a maximum have one of these, so others pay nothing for it.
 */
import type { Millis } from '../base/ids.ts';
import type { Qos } from '../protocol/packet.ts';
import { encodePacket } from '../protocol/writer.ts';
import type { Publication } from '../session/publication.ts';

/** Topics remembered for one client, whatever it announces: later ones are sent in full, as to a client without aliases. */
const MAX_ALIASES = 1000;
/** Property id and number take three bytes: a topic that is not longer is cheaper in full. */
const ALIAS_BYTES = 3;

export class OutgoingAliases {
  readonly #max: number;
  readonly #aliases = new Map<string, number>();

  /** `topicAliasMaximum`: of the client, above 0 [MQTT-3.1.2-26]. */
  constructor(topicAliasMaximum: number) {
    this.#max = Math.min(topicAliasMaximum, MAX_ALIASES);
  }

  /**
   * The PUBLISH with an alias, where there is one for its topic and it fits `maximumBytes`. Undefined: it goes out in full.
   * An alias counts as set from here on, so what is returned must be sent.
   */
  encode(
    publication: Publication,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    packetId: number,
    subscriptionIds: readonly number[] | null,
    nowMs: Millis,
    maximumBytes: number,
  ): Uint8Array | undefined {
    const { topic } = publication;
    const known = this.#aliases.get(topic);
    if (known === undefined && (this.#aliases.size >= this.#max || topic.length <= ALIAS_BYTES)) return undefined;
    const topicAlias = known ?? this.#aliases.size + 1;
    const properties = { ...publication.propertiesFor(subscriptionIds, nowMs), topicAlias };
    const bytes = encodePacket({ type: 'publish', dup, qos, retain, topic: known === undefined ? topic : '', packetId, payload: publication.message.payload, properties }, 5);
    if (bytes.length > maximumBytes) return undefined;
    if (known === undefined) this.#aliases.set(topic, topicAlias);
    return bytes;
  }
}

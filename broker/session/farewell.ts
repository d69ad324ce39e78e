/** What a client may be told besides a reason code when it is refused or disconnected (sections 3.2.2.3 and 3.14.2.2). */
import { NO_PROPERTIES, type Properties, type UserProperties } from '../protocol/packet.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';

export interface Farewell {
  /** Name of the reason in logs and events, where that of the code says too little. */
  readonly reason?: string | undefined;
  /** For people: what the code leaves open. Left out of a packet that would be too large with it. */
  readonly reasonString?: string | undefined;
  /** Where to go instead: `host:port`, several with spaces between. Only said with the codes it belongs to. */
  readonly serverReference?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
}

/** [MQTT-4.13]: these two codes, and no other, may name another server. */
const WITH_REFERENCE: ReadonlySet<number> = new Set([ReasonCode.UseAnotherServer, ReasonCode.ServerMoved]);

export function farewellProperties(reasonCode: number, { reasonString, serverReference, userProperties }: Farewell): Properties {
  if (reasonString === undefined && serverReference === undefined && userProperties === undefined) return NO_PROPERTIES;
  return {
    ...(reasonString === undefined ? {} : { reasonString }),
    ...(serverReference === undefined || !WITH_REFERENCE.has(reasonCode) ? {} : { serverReference }),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
}

/** The CONNECT of a client of 3.1.1 that asks for nothing. */
import { NO_PROPERTIES, type ConnectPacket } from '../../broker/protocol/packet.ts';

export function plainConnect(clientId: string): ConnectPacket {
  return {
    type: 'connect',
    version: 4,
    bridge: false,
    clientId,
    cleanStart: true,
    keepalive: 0,
    username: undefined,
    password: undefined,
    will: undefined,
    properties: NO_PROPERTIES,
  };
}

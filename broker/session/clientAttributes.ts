/**
 * `mqtt.client_attrs_init` and `mqtt.clientid_override`: what expressions make of a client's own words, before anybody is asked who it is.
 * An expression without a value sets nothing.
 */
import type { LookUp } from '../base/expression/expression.ts';
import type { MqttConfig } from '../config/config.ts';
import type { ClientInfo, ConnInfo } from '../protocol/clientInfo.ts';
import type { Properties } from '../protocol/packet.ts';

const ATTRIBUTE = 'client_attrs.';
const USER_PROPERTY = 'user_property.';

export function withAttributes(client: ClientInfo, connection: ConnInfo, properties: Properties, { clientAttrsInit, clientIdOverride }: MqttConfig): ClientInfo {
  const attributes: Record<string, string> = {};
  const lookUp: LookUp = (name) => {
    if (name.startsWith(ATTRIBUTE)) return own(attributes, name.slice(ATTRIBUTE.length));
    if (name.startsWith(USER_PROPERTY)) return properties.userProperties?.find(([key]) => key === name.slice(USER_PROPERTY.length))?.[1];
    return wordOf(name, client, connection);
  };
  for (const { expression, name } of clientAttrsInit) {
    const value = expression.evaluate(lookUp);
    if (value !== undefined) attributes[name] = value;
  }
  const clientId = clientIdOverride?.evaluate(lookUp) ?? client.clientId;
  return { ...client, clientId, ...(Object.keys(attributes).length > 0 && { attributes }) };
}

function own(attributes: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

function wordOf(name: string, client: ClientInfo, connection: ConnInfo): string | undefined {
  switch (name) {
    case 'clientid':
      return client.clientId;
    case 'username':
      return client.username;
    case 'cn':
      return client.certCommonName;
    case 'dn':
      return client.certSubject;
    case 'peerhost':
      return client.peerHost;
    case 'listener':
      return connection.listener;
    case 'zone':
      return 'default';
    default:
      return undefined;
  }
}

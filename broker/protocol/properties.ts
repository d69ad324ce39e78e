/** The properties of MQTT 5.0: which there are, where they may stand and what they may hold. propertyCodec.ts has their bytes. */
import { hasWildcard } from '../topics/topicFilter.ts';
import { NO_PROPERTIES, type PacketType, type Properties, type UserProperties } from './packet.ts';
import type { Sender } from './sender.ts';
import { binaryRule, stringRule } from './textRules.ts';
import { RULES, violationOf, type Rule, type Violation } from './violations.ts';

export type PropertyName = keyof Properties;
/** A property stands in a packet, or in the will inside CONNECT. */
export type PropertyPlace = PacketType | 'will';
type PropertyKind = 'byte' | 'u16' | 'u32' | 'variableByteIntegers' | 'string' | 'binary' | 'pairs';

export interface PropertyDefinition {
  readonly id: number;
  readonly name: PropertyName;
  readonly kind: PropertyKind;
  readonly places: readonly PropertyPlace[];
  readonly min: number;
  readonly max: number;
  /** What a number outside [min, max] breaks. */
  readonly outside: Rule;
}

const U32 = 0xffff_ffff;
const MAX_SUBSCRIPTION_ID = 268_435_455;
const MESSAGE: readonly PropertyPlace[] = ['publish', 'will'];
const HANDSHAKE: readonly PropertyPlace[] = ['connect', 'connack'];
const AUTHENTICATION: readonly PropertyPlace[] = ['connect', 'connack', 'auth'];
const ACKNOWLEDGEMENTS: readonly PropertyPlace[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'];
const REASONS: readonly PropertyPlace[] = ['connack', ...ACKNOWLEDGEMENTS, 'disconnect', 'auth'];
const EVERYWHERE: readonly PropertyPlace[] = ['connect', 'will', 'publish', 'subscribe', 'unsubscribe', ...REASONS];

function define(id: number, name: PropertyName, kind: PropertyKind, places: readonly PropertyPlace[], min = 0, max = U32, outside: Rule = RULES.propertyValue): PropertyDefinition {
  return { id, name, kind, places, min, max, outside };
}

/** Table of section 2.2.2.2, by id. */
export const PROPERTIES: readonly PropertyDefinition[] = [
  define(0x01, 'payloadFormatIndicator', 'byte', MESSAGE, 0, 1),
  define(0x02, 'messageExpiryInterval', 'u32', MESSAGE),
  define(0x03, 'contentType', 'string', MESSAGE),
  define(0x08, 'responseTopic', 'string', MESSAGE),
  define(0x09, 'correlationData', 'binary', MESSAGE),
  define(0x0b, 'subscriptionIdentifiers', 'variableByteIntegers', ['subscribe', 'publish'], 1, MAX_SUBSCRIPTION_ID),
  define(0x11, 'sessionExpiryInterval', 'u32', [...HANDSHAKE, 'disconnect']),
  define(0x12, 'assignedClientIdentifier', 'string', ['connack']),
  define(0x13, 'serverKeepAlive', 'u16', ['connack'], 0, 0xffff),
  define(0x15, 'authenticationMethod', 'string', AUTHENTICATION),
  define(0x16, 'authenticationData', 'binary', AUTHENTICATION),
  define(0x17, 'requestProblemInformation', 'byte', ['connect'], 0, 1),
  define(0x18, 'willDelayInterval', 'u32', ['will']),
  define(0x19, 'requestResponseInformation', 'byte', ['connect'], 0, 1),
  define(0x1a, 'responseInformation', 'string', ['connack']),
  define(0x1c, 'serverReference', 'string', ['connack', 'disconnect']),
  define(0x1f, 'reasonString', 'string', REASONS),
  define(0x21, 'receiveMaximum', 'u16', HANDSHAKE, 1, 0xffff),
  define(0x22, 'topicAliasMaximum', 'u16', HANDSHAKE, 0, 0xffff),
  define(0x23, 'topicAlias', 'u16', ['publish'], 1, 0xffff, RULES.topicAliasZero),
  define(0x24, 'maximumQos', 'byte', ['connack'], 0, 1),
  define(0x25, 'retainAvailable', 'byte', ['connack'], 0, 1),
  define(0x26, 'userProperties', 'pairs', EVERYWHERE),
  define(0x27, 'maximumPacketSize', 'u32', HANDSHAKE, 1),
  define(0x28, 'wildcardSubscriptionAvailable', 'byte', ['connack'], 0, 1),
  define(0x29, 'subscriptionIdentifierAvailable', 'byte', ['connack'], 0, 1),
  define(0x2a, 'sharedSubscriptionAvailable', 'byte', ['connack'], 0, 1),
];

const BY_ID: readonly (PropertyDefinition | undefined)[] = Array.from({ length: 0x2b }, (_, id) => PROPERTIES.find((row) => row.id === id));
const BY_NAME: ReadonlyMap<string, PropertyDefinition> = new Map(PROPERTIES.map((row) => [row.name, row]));

export function propertyById(id: number): PropertyDefinition | undefined {
  return BY_ID[id];
}

export function propertyByName(name: string): PropertyDefinition | undefined {
  return BY_NAME.get(name);
}

export type PropertyValue = number | string | Uint8Array | readonly number[] | UserProperties;
/** Properties by computed name: value and name come from one table row then, which types cannot follow. */
export type AnyProperties = Record<string, PropertyValue | undefined>;

/** What a set of properties breaks in its place: a property that does not belong there, or a value that is not allowed. */
export function propertiesViolation(properties: Properties, place: PropertyPlace, sender: Sender): Violation | undefined {
  if (properties === NO_PROPERTIES) return undefined;
  const values = properties as AnyProperties;
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    const row = propertyByName(name);
    const rule = row === undefined ? RULES.propertyUnknown : propertyRule(row, value, place, sender);
    if (rule !== undefined) return violationOf(rule, 5, name);
  }
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    return violationOf(RULES.authenticationData, 5);
  }
  return undefined;
}

function propertyRule(row: PropertyDefinition, value: PropertyValue, place: PropertyPlace, sender: Sender): Rule | undefined {
  if (!row.places.includes(place)) return RULES.propertyMisplaced;
  switch (row.kind) {
    case 'byte':
    case 'u16':
    case 'u32':
      if (!inRange(row, value as number)) return row.outside;
      // [MQTT-3.14.2-2]
      return row.name === 'sessionExpiryInterval' && place === 'disconnect' && sender === 'server' ? RULES.disconnectExpiry : undefined;
    case 'variableByteIntegers':
      return subscriptionIdsRule(row, value as readonly number[], place, sender);
    case 'string':
      return stringPropertyRule(row, value as string, place, sender);
    case 'binary':
      return binaryRule(value as Uint8Array);
    case 'pairs':
      for (const [name, text] of value as UserProperties) {
        const rule = stringRule(name) ?? stringRule(text); // [MQTT-1.5.7-1]
        if (rule !== undefined) return rule;
      }
      return undefined;
  }
}

function inRange(row: PropertyDefinition, value: number): boolean {
  return Number.isInteger(value) && value >= row.min && value <= row.max;
}

function subscriptionIdsRule(row: PropertyDefinition, ids: readonly number[], place: PropertyPlace, sender: Sender): Rule | undefined {
  if (place === 'publish' && sender === 'client') return RULES.publishSubscriptionId;
  if (place === 'subscribe' && ids.length > 1) return RULES.propertyTwice;
  return ids.every((id) => inRange(row, id)) ? undefined : row.outside;
}

function stringPropertyRule(row: PropertyDefinition, text: string, place: PropertyPlace, sender: Sender): Rule | undefined {
  if (row.name === 'serverReference' && place === 'disconnect' && sender === 'client') return RULES.propertyDirection;
  if (row.name === 'responseTopic' && hasWildcard(text)) return RULES.responseTopic;
  return stringRule(text);
}

/**
 * How a packet can break MQTT: one row per rule with the code a 5.0 peer is told, the statement in either standard
 * (mqtt5-statements, mqtt311-statements; a section where the standard gives no number), and a sentence for the log.
 * A violation is the peer's fault and therefore a value, never an exception.
 */
import { TOPIC_PROBLEMS, type TopicProblem } from '../topics/topicProblem.ts';
import type { MqttVersion } from './packet.ts';

export interface Violation {
  /** Code for CONNACK or DISCONNECT to a 5.0 peer; 3.x connections are just closed, except where CONNACK has a code. */
  readonly reasonCode: number;
  /** For people: what was wrong, with the field where that helps. Never holds payloads or secrets. */
  readonly message: string;
  /** `MQTT-3.1.2-3`, or `§3.1.2` where the standard states the rule without a number. */
  readonly spec: string;
}

export interface Rule {
  readonly reasonCode: number;
  readonly message: string;
  readonly spec: string;
  readonly spec311: string;
}

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;

function malformed(message: string, spec: string, spec311 = 'MQTT-4.8.0-1'): Rule {
  return { reasonCode: MALFORMED, message, spec, spec311 };
}
function protocolError(message: string, spec: string, spec311 = 'MQTT-4.8.0-1'): Rule {
  return { reasonCode: PROTOCOL_ERROR, message, spec, spec311 };
}
function refused(reasonCode: number, message: string, spec: string, spec311 = 'MQTT-4.8.0-1'): Rule {
  return { reasonCode, message, spec, spec311 };
}

export const RULES = {
  // Fixed header
  packetType: malformed('this packet type is reserved', '§2.1.2', '§2.2.1'),
  headerFlags: malformed('reserved bits of the fixed header are set', 'MQTT-2.1.3-1', 'MQTT-2.2.2-2'),
  remainingLengthTooLong: malformed('the remaining length has more than four bytes', '§1.5.5', '§2.2.3'),
  lengthNotShortest: malformed('a length is not in its shortest form', 'MQTT-1.5.5-1'),
  packetTooLarge: refused(0x95, 'the packet is larger than this broker takes', 'MQTT-3.2.2-15', '§2.2.3'),
  firstPacket: protocolError('the first packet is not CONNECT', 'MQTT-3.1.0-1', 'MQTT-3.1.0-1'),
  wrongDirection: protocolError('only the other side may send this packet', '§4.13.1'),

  // Fields
  truncated: malformed('a field runs past the end of the packet', '§1.2'),
  trailingBytes: malformed('bytes are left over behind the last field', '§1.2'),
  utf8: malformed('a string is not well-formed UTF-8', 'MQTT-1.5.4-1', 'MQTT-1.5.3-1'),
  nulCharacter: malformed('a string contains U+0000', 'MQTT-1.5.4-2', 'MQTT-1.5.3-2'),
  discouragedCharacter: malformed('a string contains a control character or a noncharacter', '§1.5.4', '§1.5.3'),
  stringTooLong: malformed('a string or binary field has more than 65535 bytes', '§1.5.4', '§1.5.3'),
  variableByteInteger: malformed('a variable byte integer has more than four bytes', '§1.5.5'),
  packetIdZero: protocolError('the packet identifier is 0', 'MQTT-2.2.1-3', 'MQTT-2.3.1-1'),
  ackPacketIdZero: protocolError('an acknowledgement has packet identifier 0', 'MQTT-2.2.1-5', 'MQTT-2.3.1-6'),

  // Properties (5.0 only)
  propertyUnknown: malformed('the property is unknown', '§2.2.2.2'),
  propertyMisplaced: malformed('the property does not belong in this packet', '§2.2.2.2'),
  propertyTwice: protocolError('the property may occur once only', '§2.2.2.2'),
  propertyValue: protocolError('the property has a value that is not allowed', '§2.2.2.2'),
  propertyDirection: protocolError('the property is not for this side to send', '§2.2.2.2'),
  responseTopic: protocolError('the response topic contains a wildcard', 'MQTT-3.3.2-14'),
  authenticationData: protocolError('authentication data without an authentication method', '§3.1.2.11.10'),

  // CONNECT
  protocolName: refused(0x84, 'the protocol name is not MQTT', 'MQTT-3.1.2-1', 'MQTT-3.1.2-1'),
  protocolLevel: refused(0x84, 'the protocol level is not supported', 'MQTT-3.1.2-2', 'MQTT-3.1.2-2'),
  connectReservedFlag: malformed('the reserved connect flag is set', 'MQTT-3.1.2-3', 'MQTT-3.1.2-3'),
  willQos: malformed('the will has QoS 3', 'MQTT-3.1.2-12', 'MQTT-3.1.2-14'),
  willQosWithoutWill: malformed('will QoS is set without a will', 'MQTT-3.1.2-11', 'MQTT-3.1.2-13'),
  willRetainWithoutWill: malformed('will retain is set without a will', 'MQTT-3.1.2-13', 'MQTT-3.1.2-15'),
  passwordWithoutUsername: malformed('a password without a user name', '§3.1.2.9', 'MQTT-3.1.2-22'),
  clientIdEmpty: refused(0x85, 'an empty client identifier needs clean session 1', 'MQTT-3.1.3-8', 'MQTT-3.1.3-8'),

  // CONNACK
  connackFlags: malformed('reserved acknowledge flags are set', 'MQTT-3.2.2-1', '§3.2.2.1'),
  connackCode: protocolError('the code is not one CONNACK may carry', 'MQTT-3.2.2-8', '§3.2.2.3'),
  sessionPresent: protocolError('session present in a refusal', 'MQTT-3.2.2-6', 'MQTT-3.2.2-4'),

  // PUBLISH
  publishQos: malformed('both QoS bits are set', 'MQTT-3.3.1-4', 'MQTT-3.3.1-4'),
  publishDup: malformed('DUP is set with QoS 0', 'MQTT-3.3.1-2', 'MQTT-3.3.1-2'),
  publishNoTopic: protocolError('an empty topic without a topic alias', '§3.3.2.1', 'MQTT-4.7.3-1'),
  topicAliasZero: refused(0x94, 'the topic alias is 0', 'MQTT-3.3.2-8'),
  publishSubscriptionId: protocolError('a client may not send a subscription identifier in PUBLISH', 'MQTT-3.3.4-6'),

  // Acknowledgements
  pubackCode: protocolError('the reason code is not one PUBACK may carry', 'MQTT-3.4.2-1'),
  pubrecCode: protocolError('the reason code is not one PUBREC may carry', 'MQTT-3.5.2-1'),
  pubrelCode: protocolError('the reason code is not one PUBREL may carry', 'MQTT-3.6.2-1'),
  pubcompCode: protocolError('the reason code is not one PUBCOMP may carry', 'MQTT-3.7.2-1'),
  pubrelFlags: malformed('the header flags of PUBREL are not 0010', 'MQTT-3.6.1-1', 'MQTT-3.6.1-1'),

  // SUBSCRIBE, UNSUBSCRIBE and their answers
  subscribeFlags: malformed('the header flags of SUBSCRIBE are not 0010', 'MQTT-3.8.1-1', 'MQTT-3.8.1-1'),
  subscribeEmpty: protocolError('SUBSCRIBE without a topic filter', 'MQTT-3.8.3-2', 'MQTT-3.8.3-3'),
  subscribeOptions: malformed('reserved bits of the subscription options are set', 'MQTT-3.8.3-5', 'MQTT-3.8.3-4'),
  subscribeQos: protocolError('a subscription asks for QoS 3', '§3.8.3.1', 'MQTT-3.8.3-4'),
  subscribeRetainHandling: protocolError('a subscription asks for retain handling 3', '§3.8.3.1'),
  subscribeNoLocal: protocolError('No Local on a shared subscription', 'MQTT-3.8.3-4'),
  subackCode: protocolError('the reason code is not one SUBACK may carry', 'MQTT-3.9.3-2', 'MQTT-3.9.3-2'),
  subackEmpty: protocolError('SUBACK without a reason code', 'MQTT-3.8.4-6', 'MQTT-3.8.4-5'),
  unsubscribeFlags: malformed('the header flags of UNSUBSCRIBE are not 0010', 'MQTT-3.10.1-1', 'MQTT-3.10.1-1'),
  unsubscribeEmpty: protocolError('UNSUBSCRIBE without a topic filter', 'MQTT-3.10.3-2', 'MQTT-3.10.3-2'),
  unsubackCode: protocolError('the reason code is not one UNSUBACK may carry', 'MQTT-3.11.3-2'),
  unsubackEmpty: protocolError('UNSUBACK without a reason code', 'MQTT-3.11.3-1'),

  // DISCONNECT, AUTH
  disconnectFlags: malformed('header flags of DISCONNECT are set', 'MQTT-3.14.1-1', 'MQTT-3.14.1-1'),
  disconnectCode: protocolError('the reason code is not one this side may send in DISCONNECT', 'MQTT-3.14.2-1'),
  disconnectExpiry: protocolError('a server sends a session expiry interval in DISCONNECT', 'MQTT-3.14.2-2'),
  authFlags: malformed('header flags of AUTH are set', 'MQTT-3.15.1-1'),
  authCode: protocolError('the reason code is not one this side may send in AUTH', 'MQTT-3.15.2-1'),
  authMethod: protocolError('AUTH without an authentication method', 'MQTT-4.12.0-5'),
} as const satisfies Record<string, Rule>;

/** 0x90 and 0x8F mean "well formed but not accepted": the text is sound, the topic is not. */
const TOPIC_NAME_INVALID = 0x90;
const TOPIC_FILTER_INVALID = 0x8f;

/** The rule a topic name breaks; a wildcard there has a statement of its own in PUBLISH. */
export function topicNameRule(problem: TopicProblem): Rule {
  return topicRule(problem, TOPIC_NAME_INVALID, 'the topic name');
}

/** The rule a topic filter breaks, its share prefix included. */
export function topicFilterRule(problem: TopicProblem): Rule {
  return topicRule(problem, TOPIC_FILTER_INVALID, 'the topic filter');
}

function topicRule(problem: TopicProblem, reasonCode: number, subject: string): Rule {
  const { message, spec, spec311 } = TOPIC_PROBLEMS[problem];
  return { reasonCode, message: `${subject} ${message}`, spec, spec311 };
}

/** The violation of a rule in one version. `detail` names the field or value, and is shown behind the sentence. */
export function violationOf(rule: Rule, version: MqttVersion, detail = ''): Violation {
  return {
    reasonCode: rule.reasonCode,
    message: detail === '' ? rule.message : `${rule.message} (${detail})`,
    spec: version === 5 ? rule.spec : rule.spec311,
  };
}

/** A reason code or property id as a detail. */
export function codeDetail(reasonCode: number): string {
  return `0x${reasonCode.toString(16).padStart(2, '0')}`;
}

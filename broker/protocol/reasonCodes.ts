/** Reason codes by the names of MQTT 5.0, the names operators see, and what older clients are told instead. */

export const ReasonCode = {
  Success: 0x00,
  GrantedQos1: 0x01,
  GrantedQos2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QosNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const;

type ReasonCodeName = keyof typeof ReasonCode;

/** EMQX's names where they are not the specification's in snake_case (broker-contract 8.3). */
const EMQX_NAMES: Partial<Record<ReasonCodeName, string>> = {
  GrantedQos1: 'granted_qos1',
  GrantedQos2: 'granted_qos2',
  BadUserNameOrPassword: 'bad_username_or_password',
  KeepAliveTimeout: 'keepalive_timeout',
  PacketIdentifierInUse: 'packet_identifier_inuse',
};

const NAMES = new Map<number, string>(
  Object.entries(ReasonCode).map(([name, code]) => [code, EMQX_NAMES[name as ReasonCodeName] ?? snakeCase(name)]),
);

/** The name in logs, events and hooks: `not_authorized`; `unknown_error` for a number that is no reason code. */
export function reasonName(reasonCode: number): string {
  return NAMES.get(reasonCode) ?? 'unknown_error';
}

/** From 0x80 on, a code refuses (section 2.4). */
export function isFailure(reasonCode: number): boolean {
  return reasonCode >= 0x80;
}

/** CONNACK return codes of 3.1 and 3.1.1 (table 3.1). */
export const ReturnCode = {
  Accepted: 0,
  UnacceptableProtocolVersion: 1,
  IdentifierRejected: 2,
  ServerUnavailable: 3,
  BadUserNameOrPassword: 4,
  NotAuthorized: 5,
} as const;

/** What EMQX answers an older client (broker-contract 8.2). Codes that are not here become 3, "server unavailable". */
const RETURN_CODES: Readonly<Record<number, number>> = {
  0x00: ReturnCode.Accepted,
  0x80: ReturnCode.UnacceptableProtocolVersion,
  0x81: ReturnCode.UnacceptableProtocolVersion,
  0x82: ReturnCode.UnacceptableProtocolVersion,
  0x83: ReturnCode.UnacceptableProtocolVersion,
  0x84: ReturnCode.UnacceptableProtocolVersion,
  0x85: ReturnCode.IdentifierRejected,
  0x86: ReturnCode.BadUserNameOrPassword,
  0x87: ReturnCode.NotAuthorized,
  0x8a: ReturnCode.NotAuthorized,
  0x8c: ReturnCode.NotAuthorized,
};

/** The CONNACK return code of 3.x for a reason code. */
export function connackReturnCode(reasonCode: number): number {
  return RETURN_CODES[reasonCode] ?? ReturnCode.ServerUnavailable;
}

const REASONS_OF_RETURN_CODES = [
  ReasonCode.Success,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
] as const;

/** The reason code a 3.x return code stands for; undefined above 5. */
export function connackReasonCode(returnCode: number): number | undefined {
  return REASONS_OF_RETURN_CODES[returnCode];
}

function snakeCase(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** From what stands in the composer's fields to a draft of the contract: plain functions. */
import type { PublishProperties } from '../../../electron/contract/clients.ts';
import { hexCodec } from '../../../electron/payload/hex.ts';
import { bytesOfText } from '../../../electron/payload/text.ts';

/** Publish properties as typed. */
export interface PropertyFields {
  contentType: string;
  utf8: boolean;
  expiry: string;
  alias: string;
  responseTopic: string;
  /** Text, or bytes as `0x…`. */
  correlation: string;
  user: { name: string; value: string }[];
}

export const noFields = (): PropertyFields => ({ contentType: '', utf8: false, expiry: '', alias: '', responseTopic: '', correlation: '', user: [] });

export type FieldProblem = 'expiryRange' | 'aliasRange' | 'responseWildcard' | 'correlationHex';

const MOST_SECONDS = 4294967295;
const MOST_ALIAS = 65535;
const integerOf = (text: string, least: number, most: number): number | undefined => {
  const number = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
};

export function problemOfFields({ expiry, alias, responseTopic, correlation }: PropertyFields): FieldProblem | undefined {
  if (expiry.trim() !== '' && integerOf(expiry, 0, MOST_SECONDS) === undefined) return 'expiryRange';
  if (alias.trim() !== '' && integerOf(alias, 1, MOST_ALIAS) === undefined) return 'aliasRange';
  if (/[+#\0]/.test(responseTopic)) return 'responseWildcard';
  return /^0x/i.test(correlation) && !hexCodec.encode(correlation).ok ? 'correlationHex' : undefined;
}

/** The properties that were filled in; rows of user properties without a name and value are left out. */
export function propertiesOf(fields: PropertyFields): PublishProperties {
  const [expiry, alias] = [integerOf(fields.expiry, 0, MOST_SECONDS), integerOf(fields.alias, 1, MOST_ALIAS)];
  const user = fields.user.filter(({ name, value }) => name !== '' || value !== '').map(({ name, value }) => ({ name, value }));
  return {
    ...(fields.contentType === '' ? {} : { contentType: fields.contentType }),
    ...(fields.utf8 ? { utf8: true } : {}),
    ...(expiry === undefined ? {} : { messageExpiry: expiry }),
    ...(alias === undefined ? {} : { topicAlias: alias }),
    ...(fields.responseTopic === '' ? {} : { responseTopic: fields.responseTopic }),
    ...(fields.correlation === '' ? {} : { correlationData: correlationBytes(fields.correlation) }),
    ...(user.length > 0 ? { userProperties: user } : {}),
  };
}

function correlationBytes(text: string): Uint8Array {
  const hex = /^0x/i.test(text) ? hexCodec.encode(text) : undefined;
  return hex?.ok ? hex.bytes : bytesOfText(text);
}

/** How many properties are set, for the button that opens them. */
export function countOf(fields: PropertyFields): number {
  const { userProperties, ...others } = propertiesOf(fields);
  return Object.keys(others).length + (userProperties?.length ?? 0);
}

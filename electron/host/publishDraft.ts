/** From what a person wrote to the message that is sent: variables first, then the format. */
import { BusbarError } from '../../broker/base/errors.ts';
import type { PublishProperties, PublishRequest } from '../contract/clients.ts';
import type { PublishDraft } from '../contract/publishing.ts';
import type { Failure } from '../payload/codec.ts';
import { encodePayload } from '../payload/codecs.ts';
import { resolveTemplate, type Generators } from '../payload/template.ts';

/** Throws BAD_REQUEST with the place and the cause. */
export function resolveDraft(draft: PublishDraft, variables: Readonly<Record<string, string>>, generators: Generators): PublishRequest {
  const { id, content, qos, retain } = draft;
  const fill = (text: string, place: string) => {
    const resolved = resolveTemplate(text, variables, generators);
    if (resolved.ok) return resolved.text;
    throw new BusbarError('BAD_REQUEST', `The ${place} cannot be resolved: ${TEMPLATE_WORDS[resolved.problem]} ${resolved.detail}.`, { hint: `Known variables: ${Object.keys(variables).join(', ')}. Write \\{{ for two braces.` });
  };
  const payload = content.kind === 'file' ? content.bytes : bytesOf(fill(content.text, 'payload'), content.format);
  const properties = resolveProperties(draft.properties, fill);
  return { ...{ id, topic: fill(draft.topic, 'topic'), payload, qos, retain }, ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}

const TEMPLATE_WORDS = { unknownVariable: 'there is no variable', unknownGenerator: 'there is no generator', badArguments: 'these arguments do not fit:' } as const;

const PROBLEM_WORDS: Readonly<Record<Failure['problem'], string>> = {
  notUtf8: 'not UTF-8 at byte',
  notJson: 'not JSON:',
  notHex: 'no hexadecimal digit:',
  oddHex: 'hex needs two digits a byte; digits:',
  notBase64: 'not Base64:',
  notCbor: 'not CBOR:',
  notMsgpack: 'not MessagePack:',
  notSparkplug: 'not Sparkplug B:',
  noForm: 'the value has no such form:',
};

function bytesOf(text: string, format: Parameters<typeof encodePayload>[1]): Uint8Array {
  const encoded = encodePayload(text, format);
  if (encoded.ok) return encoded.bytes;
  throw new BusbarError('BAD_REQUEST', `The payload is not valid: ${PROBLEM_WORDS[encoded.problem]} ${encoded.detail}.`, { hint: 'Correct the payload or choose another format.' });
}

function resolveProperties(properties: PublishProperties, fill: (text: string, place: string) => string): PublishProperties {
  const { contentType, responseTopic, userProperties } = properties;
  return {
    ...properties,
    ...(contentType === undefined ? {} : { contentType: fill(contentType, 'content type') }),
    ...(responseTopic === undefined ? {} : { responseTopic: fill(responseTopic, 'response topic') }),
    ...(userProperties === undefined ? {} : { userProperties: userProperties.map(({ name, value }) => ({ name: fill(name, 'user property'), value: fill(value, 'user property') })) }),
  };
}

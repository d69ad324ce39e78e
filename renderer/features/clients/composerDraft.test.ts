import { describe, expect, it } from 'vitest';
import { countOf, noFields, problemOfFields, propertiesOf } from './composerDraft.ts';

describe('publish properties as typed', () => {
  it('become those that were filled in', () => {
    expect(propertiesOf(noFields())).toEqual({});
    const fields = { contentType: 'a/b', utf8: true, expiry: '60', alias: '3', responseTopic: 'r', correlation: '0x01ff', user: [{ name: 'n', value: 'v' }, { name: '', value: '' }] };
    expect(propertiesOf(fields)).toEqual({
      ...{ contentType: 'a/b', utf8: true, messageExpiry: 60, topicAlias: 3, responseTopic: 'r', correlationData: Uint8Array.of(1, 255) },
      userProperties: [{ name: 'n', value: 'v' }],
    });
    expect([countOf(noFields()), countOf(fields)]).toEqual([0, 7]);
    expect(propertiesOf({ ...noFields(), correlation: 'id' })).toEqual({ correlationData: Uint8Array.of(105, 100) });
  });

  it('are checked before anything is sent', () => {
    const problems = [{ expiry: '-1' }, { expiry: '4294967296' }, { alias: '0' }, { responseTopic: 'a/#' }, { correlation: '0x1' }, { expiry: '0', alias: '65535' }];
    expect(problems.map((change) => problemOfFields({ ...noFields(), ...change }))).toEqual(['expiryRange', 'expiryRange', 'aliasRange', 'responseWildcard', 'correlationHex', undefined]);
  });
});

/** Who may connect, publish and subscribe: `authentication`, `authorization.*`. */
import { key } from './key.ts';
import * as form from '../valueTypes.ts';

export const ACCESS_KEYS = {
  authzNoMatch: key(
    'authorization.no_match',
    form.oneOf({ allow: 'allow', deny: 'deny' } as const),
    'allow',
    'What happens when no rule fits.',
    {
      aliases: ['acl_nomatch'],
    },
  ),
  authzDenyAction: key(
    'authorization.deny_action',
    form.oneOf({ ignore: 'ignore', disconnect: 'disconnect' } as const),
    'ignore',
    'What a refused publish or subscribe does to its client.',
    {
      aliases: ['acl_deny_action', 'zone.external.acl_deny_action'],
    },
  ),
  authzSources: key(
    'authorization.sources',
    form.authorizationSources,
    '[]',
    'Where rules come from: [{type = file, path = "etc/acl.conf"}].',
  ),
  aclFile: key(
    'acl_file',
    form.path,
    undefined,
    'The rule file in the spelling of EMQX 4; authorization.sources takes precedence.',
  ),
} as const;

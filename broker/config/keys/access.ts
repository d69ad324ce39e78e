/** Who may connect, publish and subscribe: `authentication`, `authorization.*`. */
import { authentication } from '../authenticationForm.ts';
import { key } from './key.ts';
import * as form from '../valueTypes.ts';

export const ACCESS_KEYS = {
  authentication: key(
    'authentication',
    authentication,
    undefined,
    'Who is asked who a client is, in order: [{mechanism = password_based, backend = built_in_database}], [{mechanism = scram, backend = built_in_database}]. Without any everybody is let in. A chain given here wins over one that was changed at run time.',
  ),
  allowAnonymous: key(
    'allow_anonymous',
    form.switchType,
    'true',
    'Whether clients may connect where there is no authentication, as EMQX 4 has it; with false, listeners with enable_authn = false are the only way in without one.',
  ),
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
  flappingEnable: key(
    'flapping_detect.enable',
    form.switchType,
    'false',
    'Whether a client that connects too often is banned for a while.',
  ),
  flappingWindow: key('flapping_detect.window_time', form.duration(1), '1m', 'The time within which CONNECTs are counted.'),
  flappingMaxCount: key('flapping_detect.max_count', form.integer(1, 1_000_000), '15', 'CONNECTs of one client id within it that are too many.'),
  flappingBanTime: key('flapping_detect.ban_time', form.duration(1), '5m', 'How long such a client id is banned.'),
  bannedBootstrapFile: key(
    'banned.bootstrap_file',
    form.path,
    undefined,
    'Bans to begin with, CSV with the header as,who,reason,at,until,by; only read while there are none.',
  ),
  aclFile: key(
    'acl_file',
    form.path,
    undefined,
    'The rule file in the spelling of EMQX 4; authorization.sources takes precedence.',
  ),
} as const;

/** Forms of values that are expressions over a client's own words (base/expression). */
import { parseExpression, type Expression } from '../base/expression/expression.ts';
import type { HoconValue } from './hocon.ts';
import { accepted, REFUSED, type ValueType } from './valueTypes.ts';

/** One attribute of every client. */
export interface AttributeRule {
  readonly name: string;
  readonly expression: Expression;
}

/** Attributes that expressions set. */
const MAX_ATTRIBUTES = 32;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const WORDS: ReadonlySet<string> = new Set(['clientid', 'username', 'cn', 'dn', 'peerhost', 'listener', 'zone']);
const MORE_WORDS = /^(?:client_attrs|user_property)\../;
const EXAMPLE = "nth(1, tokens(clientid, '-'))";

/** Undefined when it is none, or asks for something that clients do not have. */
function read(text: string): Expression | undefined {
  const expression = parseExpression(text);
  if ('fault' in expression) return undefined;
  return expression.variables.every((name) => WORDS.has(name) || MORE_WORDS.test(name)) ? expression : undefined;
}

/** Undefined = disabled. */
export const expressionOrDisabled: ValueType<Expression | undefined> = {
  form: `an expression over ${[...WORDS].join(', ')}, client_attrs.NAME, user_property.NAME such as ${EXAMPLE}, or disabled`,
  read(value) {
    if (value.type !== 'scalar') return REFUSED;
    if (value.text === 'disabled') return accepted(undefined);
    const expression = read(value.text);
    return expression === undefined ? REFUSED : accepted(expression);
  },
};

export const attributeRules: ValueType<readonly AttributeRule[]> = {
  form: `a list of at most ${MAX_ATTRIBUTES} such as [{expression = "${EXAMPLE}", set_as_attr = group}], with expressions as mqtt.clientid_override has them`,
  read(value) {
    if (value.type !== 'array' || value.items.length > MAX_ATTRIBUTES) return REFUSED;
    const rules = value.items.map(ruleOf);
    const sound = rules.filter((rule) => rule !== undefined);
    return sound.length === rules.length ? accepted(sound) : REFUSED;
  },
};

function ruleOf(item: HoconValue): AttributeRule | undefined {
  if (item.type !== 'object') return undefined;
  const fields = new Map(item.fields.map(({ path, value }) => [path.join('.'), value.type === 'scalar' ? value.text : '']));
  const [name, expression] = [fields.get('set_as_attr') ?? '', read(fields.get('expression') ?? '')];
  return fields.size === 2 && NAME.test(name) && expression !== undefined ? { name, expression } : undefined;
}

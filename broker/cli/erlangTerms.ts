/** The few Erlang terms that EMQX's command line prints, for scripts that read them. */

/** `'emqx@127.0.0.1'`: an atom, quoted as Erlang quotes one that is not a plain word. */
export function atom(text: string): string {
  return /^[a-z][A-Za-z0-9_@]*$/.test(text) ? text : `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** `['a@b','c@d']` */
export function atoms(texts: readonly string[]): string {
  return `[${texts.map(atom).join(',')}]`;
}

/**
 * SASLprep (RFC 4013): user names and passwords in one spelling, so that the same words typed on two keyboards are the same.
 * Of RFC 3454 the mappings, normalisation, prohibited characters and the rule for right-to-left text; characters that Unicode did not
 * know in its version 3.2 are let through, which RFC 4013 allows for queries and newer alphabets need.
 */

/** B.1: commonly mapped to nothing. */
const NOTHING = /\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|[\u00ad\u1806\u200b\u2060\ufeff]|[\u200c\u200d]/gu;
/** C.1.2: spaces that become a plain one. */
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;
/** C.2.1, C.2.2: control characters; C.6: inappropriate for plain text; C.7: for canonical text; C.8: changing display. */
const CONTROLS = /[\u0340\u0341]|[\p{Cc}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\ufffd\u{1d173}-\u{1d17a}\u2ff0-\u2ffb\u200e\u200f\u202a-\u202e]/u;
/** C.3: private use; C.4: non-characters; C.5: surrogates; C.9: tags. */
const NO_CHARACTERS = /[\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u{e0001}\u{e0020}-\u{e007f}]/u;
/** D.1: letters of scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const LETTER = /\p{L}/u;

/** The prepared text; undefined when it holds what may not be there. */
export function saslPrep(text: string): string | undefined {
  if (isPlainAscii(text)) return text;
  const prepared = text.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC');
  if (CONTROLS.test(prepared) || NO_CHARACTERS.test(prepared)) return undefined;
  return isReadableBothWays(prepared) ? prepared : undefined;
}

/** Most are: printable ASCII stays as it is. */
function isPlainAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** RFC 3454 section 6: right-to-left text begins and ends so, and holds no left-to-right letters. */
function isReadableBothWays(text: string): boolean {
  const characters = [...text];
  const fromRight = characters.map((character) => RIGHT_TO_LEFT.test(character));
  if (!fromRight.includes(true)) return true;
  const mixed = characters.some((character, index) => !fromRight[index] && LETTER.test(character));
  return !mixed && fromRight[0] === true && fromRight.at(-1) === true;
}

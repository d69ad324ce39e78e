/** Bounds of the language; those of patterns are in base/regex/limits.ts (problem `regexInvalid`). Each is reported as a problem with its place, never as a silent cut. */
export const ACL_LIMITS = {
  /** Characters of one file; a longer text is refused whole (problem `fileTooLarge`). Equals the bound of `acl/save`. */
  fileChars: 4_000_000,
  /** Brackets inside brackets; deeper terms are refused (problem `tooDeep`). A rule needs six. */
  nesting: 32,
  /** Problems reported for one file; the last one then says that there are more (problem `tooManyProblems`). */
  problems: 500,
  /**
   * Characters of a client id or username that a pattern looks at. A longer one counts as not matching in an allow rule and as
   * matching in a deny rule: refused either way, so that an oversized name can neither burn time nor slip past a rule.
   */
  regexSubjectChars: 1_024,
} as const;

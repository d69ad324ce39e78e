/**
 * access/: who may do what. acl/ is the one implementation of the `acl.conf` language (lexer, parser with recovery, printer,
 * evaluator): the broker, the command line and the workbench's editor all use it, so they cannot disagree.
 * In: text, or a request of a client. Out: rules with problems, or a decision that names its rule.
 * May import: base, topics, protocol. Begin at acl/parser.ts for the grammar, acl/evaluate.ts for a decision.
 */

/** What a rule may ask about a client. An undefined username matches no username condition. */
export interface AclClient {
  readonly clientId: string;
  readonly username: string | undefined;
  /** Peer address without port; empty when there is none (then no address condition matches). */
  readonly peerHost: string;
  /** Values of further placeholders; a topic that uses a missing one does not match. */
  readonly certCommonName?: string | undefined;
  readonly zone?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface AclRequest {
  readonly action: 'publish' | 'subscribe';
  /** Topic name, or the topic filter of a subscription without its `$share/…/` or `$exclusive/` prefix. */
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** Publish only; false for a subscription. */
  readonly retain: boolean;
}

/** Three-valued: `noMatch` leaves the answer to `authorization.no_match`. `rule` is 1-based in file order. */
export type AclDecision =
  { readonly permission: 'allow' | 'deny'; readonly rule: number } | { readonly permission: 'noMatch'; readonly rule: 0 };

/** Compiled rules in force. `epoch` grows with every replacement; a verdict cached under an older epoch is void. */
export interface Authorizer {
  readonly epoch: number;
  decide(client: AclClient, request: AclRequest): AclDecision;
}

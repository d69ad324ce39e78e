/**
 * Failures of the world (a port in use, a file that does not parse) as `BusbarError`: a code for programs,
 * a sentence for people, a hint that says what to do. A peer's fault is a ReasonCode value instead, and
 * our own fault is an assertion (style.md, habit 10).
 */

/** Every code with the hint it carries unless the thrower knows a better one. Grouped by room. */
export const ERROR_CATALOGUE = {
  // command line
  CLI_UNKNOWN_FLAG: 'Run the command with --help to see its flags.',
  CLI_BAD_VALUE: 'Correct the value and run the command again.',
  CLI_UNKNOWN_COMMAND: 'Run npm run ctl -- help to see all commands.',
  CLI_CREDENTIALS_MISSING: 'Set BUSBAR_API_KEY and BUSBAR_API_SECRET to an API key of the broker and its secret.',
  API_UNREACHABLE: 'Check that the node runs, and give the address of its API with --api.',
  API_REFUSED: 'The message is the answer of the broker.',
  // config
  CONFIG_UNKNOWN_KEY: 'Remove the key or correct its spelling; known keys are listed in the README.',
  CONFIG_BAD_VALUE: 'Correct the value; the message names the expected form.',
  CONFIG_UNSUPPORTED: 'Remove the key; Busbar knows it from EMQX and does not support it yet.',
  CONFIG_SYNTAX: 'Correct the line named in the message.',
  CONFIG_FILE_UNREADABLE: 'Check that the file exists and may be read.',
  // access
  ACL_SYNTAX: 'Correct the line named in the message; the rules that were in force stay in force.',
  ACL_FILE_UNREADABLE: 'Check that the file exists and may be read.',
  AUTHN_BAD_CONFIG: 'Correct the field named in the message; nothing was changed.',
  AUTHN_UNSUPPORTED: 'Choose one of the mechanisms and backends that are supported; nothing was changed.',
  AUTHN_EXISTS: 'Change the authenticator that is there, or delete it first.',
  AUTHN_NOT_FOUND: 'GET /authentication lists the authenticators with their ids.',
  AUTHN_BAD_POSITION: 'Give front, rear, before:<id> or after:<id> of another authenticator of the chain.',
  AUTHN_BAD_USER: 'Correct the user named in the message; nobody was added.',
  AUTHN_USER_EXISTS: 'Change the user that is there, or delete it first.',
  AUTHN_USER_NOT_FOUND: 'List the users of the authenticator to see their ids.',
  AUTHN_TOO_MANY_USERS: 'Delete users that are not needed any more.',
  AUTHN_BAD_FILE: 'Give CSV with a header row or a JSON array; the message names what is wrong.',
  AUTHN_BUSY: 'Try again in a moment.',
  BAN_EXISTS: 'Delete the ban that is there first.',
  BAN_INVALID: 'Correct the field named in the message; nobody was banned.',
  BAN_BAD_FILE: 'Give CSV with the header as,who,reason,at,until,by; the message names what is wrong.',
  // accounts of the API
  ACCOUNT_EXISTS: 'Choose another name, or change the one that is there.',
  ACCOUNT_UNKNOWN: 'List them to see the names.',
  ACCOUNT_INVALID: 'Make somebody else an administrator first.',
  ACCOUNT_LIMIT: 'Remove some that are not needed any more.',
  ACCOUNT_WRONG_PASSWORD: 'Give the password that is in force.',
  ACCOUNT_BUSY: 'Try again in a moment.',
  // listeners and ports
  LISTENER_PORT_IN_USE: 'Stop the program on this port or change the listener bind.',
  LISTENER_FAILED: 'Check the bind address of the listener.',
  LISTENER_UNKNOWN: 'npm run ctl -- listeners shows all listeners.',
  LISTENER_EXISTS: 'Choose another name, or change the listener that has it.',
  LISTENER_INVALID: 'Correct the setting named in the message; nothing was changed.',
  TLS_FILE_UNREADABLE: 'Check that the file exists and may be read.',
  TLS_CERTIFICATE_INVALID: 'Give a certificate and its private key in PEM.',
  CLUSTER_PORT_IN_USE: 'Stop the program on this port or set cluster.port.',
  API_PORT_IN_USE: 'Stop the program on this port or change dashboard.listeners.http.bind.',
  DATA_DIR_IN_USE: 'Stop the other node or give this one its own node.data_dir.',
  DATA_DIR_UNUSABLE: 'Check that the folder may be created and written.',
  // cluster
  CLUSTER_WRONG_COOKIE: 'Set the same node.cookie on all nodes.',
  CLUSTER_WRONG_NAME: 'Set the same cluster.name on all nodes.',
  CLUSTER_VERSION: 'Run versions of Busbar that share a wire version.',
  CLUSTER_PROTOCOL: 'The peer speaks something else on the cluster port; check the seed address.',
  CLUSTER_TLS: 'Give all nodes cluster.proto_dist = inet_tls and certificates of one authority, or none of them.',
  CLUSTER_CLOCK_TOO_FAR: 'Set the clocks of both machines; they differ by more than an hour.',
  DISCOVERY_FAILED: 'Check the service that is asked; the node serves without it and asks again.',
  DUPLICATE_NODE_ID: 'Run `ctl node reidentify` on the copy and start it again, or give it a data directory of its own.',
  DUPLICATE_NODE_NAME: 'Give every node its own node.name.',
  CLUSTER_NOT_MEMBER: 'There is nothing to leave; nothing was changed.',
  CLUSTER_JOIN_FAILED: 'Check the address, and that the node there runs with the same cookie and cluster name; nothing was changed.',
  CLUSTER_LEFT: 'Run `ctl cluster join <node>` on the node that left to bring it back.',
  SHARED_ROW_INVALID: 'Choose a shorter name; nothing was changed.',
  DRAIN_NO_OTHER_NODE: 'Start another node first; or stop this one as it is: what is on its disk is there again when it is started.',
  FAULTS_DISABLED: 'Start the node with --faults, or set debug.faults = true. Never in production.',
  FAULT_INVALID: 'Correct what the message names; nothing was changed.',
  NODE_DOWN: 'The node is not linked to this one; check that it runs.',
  NODE_TIMEOUT: 'The node did not answer in time; try again.',
  NODE_BUSY: 'Too many questions wait for this node; try again in a moment.',
  ANSWER_TOO_LARGE: 'Ask for fewer rows at a time.',
  // workbench
  PROJECT_UNREADABLE: 'Correct the file or open another folder; nothing was changed.',
  PROJECT_LOCKED: 'Close the other Busbar window that has this project open.',
  WORKSPACE_UNUSABLE: 'Close Busbar, set .busbar/workspace.db of the project aside and open it again; only message history is lost.',
  CLUSTER_NOT_RUNNING: 'Start the cluster first.',
  NODE_UNKNOWN: 'Choose one of the nodes of the cluster.',
  NODE_FREEZE_FAILED: 'Only systems with SIGSTOP can freeze a process.',
  NODE_NO_ANSWER: 'It may be frozen or busy; look at its state and its log.',
  NODE_START_FAILED: 'Open the log of the node; its last lines name the cause.',
  CONNECTION_UNKNOWN: 'Choose one of the saved connections.',
  CLIENT_OFFLINE: 'Connect the client first.',
  CLIENT_REFUSED: 'The broker refused; the reason code says why.',
  NO_FREE_PORT: 'Close programs that hold ports on this machine.',
  BAD_REQUEST: 'The call does not fit the contract; the message names the field.',
  UNKNOWN_CALL: 'Window and host are of different versions; reload the window.',
  WINDOW_PORT_IN_USE: 'Choose another port with --port, or leave the flag away for any free one.',
  HOST_BUSY: 'Wait until calls that are under way have ended, then try again.',
  HOST_GONE: 'The workbench host has ended; start Busbar again.',
  INTERNAL: 'This is a fault of Busbar; the log has the details.',
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export interface BusbarErrorOptions {
  /** Replaces the catalogue's hint where the thrower knows better. */
  readonly hint?: string;
  /** Plain data that helps to act on the failure: port, listener, line, column. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class BusbarError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: BusbarErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BusbarError';
    this.code = code;
    this.hint = options.hint ?? ERROR_CATALOGUE[code];
    this.details = options.details ?? {};
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

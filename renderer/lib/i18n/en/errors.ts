/** Hints by error code, where the window says more than the host or says it in the reader's language. */
export const errors = {
  title: 'It did not work',
  unexpected: 'This is a fault of Busbar. Copy the details and report them.',
  hints: {
    LISTENER_PORT_IN_USE: 'Stop the program on this port or change the listener bind.',
    CLUSTER_PORT_IN_USE: 'Stop the program on this port or set cluster.port.',
    API_PORT_IN_USE: 'Stop the program on this port or change the dashboard bind.',
    CLUSTER_NOT_RUNNING: 'Start the cluster first.',
    NODE_UNKNOWN: 'Choose one of the nodes of the cluster.',
    NODE_START_FAILED: 'Open the log of the node; its last lines name the cause.',
    CONNECTION_UNKNOWN: 'Choose one of the saved connections.',
    CLIENT_OFFLINE: 'Connect the client first.',
    CLIENT_REFUSED: 'The broker refused; the reason code says why.',
    NO_FREE_PORT: 'Close programs that hold ports on this machine.',
    PROJECT_UNREADABLE: 'Correct the file or open another folder; nothing was changed.',
    PROJECT_LOCKED: 'Close the other Busbar window that has this project open.',
    BAD_REQUEST: 'The call does not fit the contract; the message names the field.',
    UNKNOWN_CALL: 'Window and host are of different versions; reload the window.',
    HOST_BUSY: 'Wait until calls that are under way have ended, then try again.',
    HOST_GONE: 'The workbench host has ended; start Busbar again.',
    INTERNAL: 'This is a fault of Busbar; the log has the details.',
  },
};

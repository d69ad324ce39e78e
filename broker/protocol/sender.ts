/** Which side of a connection sent, or will send, a packet: some rules bind only one of them. */
export type Sender = 'client' | 'server';

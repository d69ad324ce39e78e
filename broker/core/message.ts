/** The shape lives in protocol/ so that session and router may use it too; cluster code finds it under this name. */
export type { Message } from '../protocol/message.ts';

import type { CallEvent } from './events.ts'

/** A call event before it is stamped with the call's time. */
export type CallNews = CallEvent extends infer E ? (E extends CallEvent ? Omit<E, 'atMs'> : never) : never

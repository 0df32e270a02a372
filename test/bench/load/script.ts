/** A server event before it has its `event_id`. */
export interface ServerEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** What one answer is called on the wire. */
export interface AnswerIds {
  readonly responseId: string
  readonly itemId: string
}

/** How a model words what it has to say, in its own dialect, in the order of its protocol. */
export interface Script {
  /** Unprompted, the first event. */
  created(sessionId: string): ServerEvent
  /** Answers `session.update`, with what was asked for. */
  updated(sessionId: string, session: Readonly<Record<string, unknown>>): ServerEvent
  /** From `response.created` to where sound may follow. */
  answerBegins(ids: AnswerIds): readonly ServerEvent[]
  /** A few words of the answer. */
  words(ids: AnswerIds): ServerEvent
  /** The fields of a piece of sound before the sound itself. */
  soundFields(ids: AnswerIds): ServerEvent
  /** The answer ends because the caller spoke over it. */
  answerCut(ids: AnswerIds): readonly ServerEvent[]
  callerBegins(itemId: string, atMs: number): ServerEvent
  callerEnds(itemId: string, atMs: number): readonly ServerEvent[]
  /** Answers a `response.cancel` that comes too late. */
  readonly noneActive: ServerEvent
  /** To other events of a client; nothing to those that have no answer. */
  reply(request: Readonly<Record<string, unknown>>): readonly ServerEvent[]
}

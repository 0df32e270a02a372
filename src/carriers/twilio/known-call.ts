import type { Asked } from './asked.ts'
import type { CallFile } from './call-file.ts'
import { dialledIn, type Form, isOver } from './form.ts'
import type { StreamState } from './media-stream.ts'
import type { KnownCall } from './next.ts'
import type { SwitchboardOptions } from './switchboard-options.ts'

/** A call that comes back so often goes round in circles. */
const MAX_STREAMS = 50
/** How often, a second apart, another process is waited for. */
const MAX_HANDED = 10

/** A question of what comes next, and what is known of its call. */
interface Question {
  readonly form: Form
  readonly asked: Asked
  /** `undefined`: all that has to be known is in the question. */
  readonly file: CallFile | undefined
  /** As its outcome is not known. */
  readonly stream: StreamState | undefined
  readonly goingDown: boolean
}

/** Puts together all that decides what comes next. */
export function knownCall(
  { form, asked, file, stream, goingDown }: Question,
  { resume, fallbackNumber, now }: Pick<SwitchboardOptions, 'resume' | 'fallbackNumber' | 'now'>,
): KnownCall {
  const { over, destination, farewell, streams = 0 } = file?.record ?? {}
  return {
    over: isOver(form) || over === true,
    dialled: dialledIn(form, asked),
    lastWords: asked.lastWords,
    ...{ destination, stream, goingDown },
    outcome: farewell?.outcome,
    wanted: farewell?.next,
    promised: streams > 0,
    mayReturn: streams < MAX_STREAMS,
    mayRecover: (file?.recoveries(now(), resume.windowMs).length ?? 0) < resume.max,
    mayHandOver: (asked.handed ?? 0) < MAX_HANDED,
    hasFallback: fallbackNumber !== undefined,
  }
}

import type { Logger } from '../base/log.ts'
import type { CallTap, OpenTap } from '../call/tap.ts'
import { countShelved } from '../operator/vitals.ts'
import { makeFlightRecorder } from '../store/flights/flight-recorder.ts'
import { makeRecorder } from '../store/recordings/recorder.ts'

/** Where what is recorded of calls goes. Plain data. */
export interface RecordSettings {
  /** DATA_DIR. */
  readonly directory: string
  /** What the flight record of one stream may grow to. */
  readonly flightMaxBytes: number
}

/** What listens to a stream for its agent: the recorder, the flight recorder, both, or nobody. Disposing waits for the disk. */
export interface Recorders extends AsyncDisposable {
  readonly openTap: OpenTap | undefined
}

export function openRecorders(records: RecordSettings | undefined, log: Logger): Recorders {
  if (records === undefined) return { openTap: undefined, async [Symbol.asyncDispose]() {} }
  const { directory, flightMaxBytes } = records
  const count = (kind: 'recording' | 'flight') => (file: { readonly bytes: number; readonly failed: boolean }) =>
    countShelved({ kind, ...file })
  const recorder = makeRecorder({ directory, log, onClosed: count('recording') })
  const flights = { directory, maxBytes: flightMaxBytes, log, onClosed: count('flight') }
  const flightRecorder = makeFlightRecorder(flights)
  return {
    openTap(stream) {
      const own = log.child({ callId: stream.info.callId })
      return both(
        guarded(() => recorder(stream), own),
        guarded(() => flightRecorder(stream), own),
      )
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([recorder[Symbol.asyncDispose](), flightRecorder[Symbol.asyncDispose]()])
    },
  }
}

/** A recorder that fails says so once, and the call goes on without it. */
function guarded(open: () => CallTap | undefined, log: Logger): CallTap | undefined {
  let tap: CallTap | undefined
  const attempt = (act: () => CallTap | undefined) => {
    try {
      tap = act()
    } catch (error) {
      tap = undefined
      log.error({ err: error }, 'a call is not recorded any further')
    }
  }
  attempt(open)
  if (tap === undefined) return undefined
  return (what) =>
    attempt(() => {
      tap?.(what)
      return tap
    })
}

function both(one: CallTap | undefined, other: CallTap | undefined): CallTap | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return (what) => {
    one(what)
    other(what)
  }
}

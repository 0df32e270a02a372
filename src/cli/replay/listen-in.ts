import type { Ticker } from '../../base/ticker.ts'
import type { CarrierLeg } from '../../call/carrier.ts'
import { PlayoutBuffer } from '../../simulators/carrier/playout-buffer.ts'

/** A leg, and the ear at its far end: a phone that plays 20 ms a beat of what it holds, until the leg is gone. */
export function listenIn(leg: CarrierLeg, beat: Ticker) {
  const buffer = new PlayoutBuffer()
  const frames: (Uint8Array | undefined)[] = []
  beat.onTick(() => {
    if (!leg.gone.aborted) frames.push(buffer.next().audio)
  }, new AbortController().signal)
  const listened: CarrierLeg = {
    callId: leg.callId,
    format: leg.format,
    gone: leg.gone,
    listen: (listener) => leg.listen(listener),
    play(audio) {
      buffer.push(audio)
      leg.play(audio)
    },
    mark: (name) => leg.mark(name),
    clear() {
      buffer.clear()
      leg.clear()
    },
    [Symbol.asyncDispose]: () => leg[Symbol.asyncDispose](),
  }
  /** `frames`: one a beat; `undefined`: nothing was heard in it. */
  return { leg: listened, frames: () => frames }
}

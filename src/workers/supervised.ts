import type { LineSound, Supervision } from '../call/supervision.ts'
import type { FromWorker, ToWorker } from './messages.ts'

type Wish = Extract<ToWorker, { type: 'command' | 'speak' | 'listen' | 'unlisten' }>

/** The worker's end of `RemoteSupervision`: does what the reception wants of its calls, and tells what comes of it. */
export function makeSupervised(supervision: Supervision, tell: (message: FromWorker) => void): (wish: Wish) => void {
  const listening = new Map<number, Disposable>()
  const unlisten = (listener: number) => {
    listening.get(listener)?.[Symbol.dispose]()
    listening.delete(listener)
  }
  return (wish) => {
    switch (wish.type) {
      case 'command': {
        const { ask, callId, command } = wish
        void supervision.command(callId, command).then((outcome) => tell({ type: 'commanded', ask, outcome }))
        return
      }
      case 'speak':
        supervision.speak(wish.callId, wish.audio)
        return
      case 'listen': {
        const { listener, callId } = wish
        const ended = () => {
          unlisten(listener)
          tell({ type: 'silent', listener })
        }
        const onSound = (sound: LineSound) => tell({ type: 'sound', listener, sound })
        listening.set(listener, supervision.listen(callId, onSound, ended))
        return
      }
      case 'unlisten':
        unlisten(wish.listener)
    }
  }
}

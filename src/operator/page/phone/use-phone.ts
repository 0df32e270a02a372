import { useEffect, useRef, useState } from 'preact/hooks'
import type { CallDetail, TranscriptLine } from '../../api.ts'
import { api } from '../api-client.ts'
import type { Needle } from '../sound/loudness.ts'
import { useVisible } from '../use-visible.ts'
import { type PhoneState, telephone } from './phone.ts'

/** When the conversation is asked for first, and how long after an answer again, while it goes on [ms]. */
const ASK_FIRST_MS = 1000
const ASK_AGAIN_MS = 2000
/** How often a meter is read [ms]. */
const READ_EVERY_MS = 100

/** The telephone as it is now. */
export function usePhone(): PhoneState {
  const [state, setState] = useState(telephone.state)
  useEffect(() => {
    setState(telephone.state)
    return telephone.listen(() => setState(telephone.state))
  }, [])
  return state
}

/** What was said in the phone's call so far, as long as somebody sees it; once more when it is over. */
export function useConversation(callSid: string | undefined, isLive: boolean): readonly TranscriptLine[] {
  const [lines, setLines] = useState<readonly TranscriptLine[]>([])
  const of = useRef(callSid)
  const visible = useVisible()
  useEffect(() => {
    if (of.current !== callSid) setLines([])
    of.current = callSid
    if (callSid === undefined || !visible) return
    const gone = new AbortController()
    const ask = async () => {
      await api.get<CallDetail>(`/api/calls/${callSid}`, gone.signal).then(
        ({ transcript }) => setLines(transcript),
        // Not answered yet, or not kept: the phone does without.
        () => undefined,
      )
      if (isLive && !gone.signal.aborted) timer = setTimeout(ask, ASK_AGAIN_MS)
    }
    let timer = setTimeout(ask, ASK_FIRST_MS)
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [callSid, isLive, visible])
  return lines
}

/** Ten times a second, how far out a meter is, from 0 to 1; it is drawn without rendering anything. */
export function useNeedle(needle: Needle, isMoving: boolean): { current: HTMLMeterElement | null } {
  const meter = useRef<HTMLMeterElement>(null)
  useEffect(() => {
    const draw = (level: number) => {
      if (meter.current !== null) meter.current.value = level
    }
    if (!isMoving) {
      draw(0)
      return
    }
    const timer = setInterval(() => draw(needle.read()), READ_EVERY_MS)
    return () => clearInterval(timer)
  }, [needle, isMoving])
  return meter
}

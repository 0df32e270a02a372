import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { onLeaving } from '../leaving.ts'
import { type LiveLine, openLiveLine } from './live-line.ts'
import { Needle } from './loudness.ts'
import { type SoundWordKey, s } from './words.ts'

/** A live call's sound, for whoever shows the call. */
export interface Line {
  readonly listening: boolean
  /** How loud it is, from 0 to 1. */
  readonly level: number
  /** Listens, or listens no more. Has to come of a click: browsers play nothing before. */
  toggle(): void
  /** The operator's voice goes into the call. */
  readonly speaking: boolean
  /** Listens too, since who speaks has to hear. `given-up`: it was stopped before it began. */
  startSpeaking(): Promise<'speaking' | 'given-up' | 'failed'>
  stopSpeaking(): void
  /** What went wrong, in words. */
  readonly problem?: string
}

const SHOWN_EVERY_MS = 100

interface Problem {
  readonly key: SoundWordKey
  readonly what?: string
}

/** The sound of a live call. It ends with the call, and when nobody shows it any more. */
export function useLine(callId: string): Line {
  const [listening, setListening] = useState(false)
  const [speaking, setSpeaking] = useState(false)
  const [level, setLevel] = useState(0)
  const [problem, setProblem] = useState<Problem>()
  const line = useRef<Promise<LiveLine> | undefined>(undefined)
  const meter = useRef(new Needle())

  const stop = useCallback(() => {
    line.current?.then(
      (open) => open.close(),
      () => undefined,
    )
    line.current = undefined
    setListening(false)
    setSpeaking(false)
  }, [])
  useEffect(() => stop, [callId, stop])
  useEffect(() => onLeaving(stop), [stop])
  useEffect(() => {
    if (!listening) return
    const timer = setInterval(() => setLevel(meter.current.read()), SHOWN_EVERY_MS)
    return () => clearInterval(timer)
  }, [listening])

  const listen = useCallback((): Promise<LiveLine> => {
    if (line.current !== undefined) return line.current
    setProblem(undefined)
    const opening = openLiveLine(callId, {
      heard: (dbfs) => meter.current.hear(dbfs),
      gone() {
        setSpeaking(false)
        setProblem({ key: 'microphone.gone' })
      },
      ended(why) {
        if (line.current !== opening) return
        stop()
        if (why !== 'over') setProblem({ key: why === 'lost' ? 'line.lost' : 'line.signedOut' })
      },
    })
    line.current = opening
    setListening(true)
    opening.catch((error: unknown) => {
      if (line.current !== opening) return
      stop()
      setProblem({ key: 'sound.none', what: error instanceof Error ? error.message : String(error) })
    })
    return opening
  }, [callId, stop])

  const startSpeaking = useCallback(async () => {
    setProblem(undefined)
    const open = await listen().catch(() => undefined)
    if (open === undefined) return 'failed'
    const how = await open.startSpeaking()
    if (how === 'given-up') return how
    if (how === 'speaking') setSpeaking(true)
    else setProblem({ key: `microphone.${how}` })
    return how === 'speaking' ? how : 'failed'
  }, [listen])
  const stopSpeaking = useCallback(() => {
    line.current?.then(
      (open) => open.stopSpeaking(),
      () => undefined,
    )
    setSpeaking(false)
  }, [])
  const toggle = useCallback(() => {
    if (line.current === undefined) void listen().catch(() => undefined)
    else stop()
  }, [listen, stop])

  return {
    ...{ listening, level, toggle, speaking, startSpeaking, stopSpeaking },
    ...(problem === undefined
      ? {}
      : { problem: s(problem.key, problem.what === undefined ? {} : { what: problem.what }) }),
  }
}

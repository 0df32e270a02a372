import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { CommandRequest } from '../../api.ts'
import { api } from '../api-client.ts'
import { onLeaving } from '../leaving.ts'
import type { Line } from '../sound/use-line.ts'
import { commandsOf } from './use-command.ts'

/** A call that this page may have taken over. */
export interface TakeOver {
  takeOver(): Promise<void>
  handBack(): Promise<void>
  /** It was taken over here, and nobody has seen it handed back yet. */
  readonly isOurs: boolean
  /** The operator's voice was not to be had, or is gone: the agent has the call. */
  readonly isVoiceless: boolean
}

export interface TakeOverOptions {
  readonly callId: string
  /** By whomever, as far as is known. */
  readonly isTakenOver: boolean
  readonly line: Line
  /** Whether the call does it. */
  tell(command: CommandRequest): Promise<boolean>
  /** The call was handed back without being asked for. */
  onDone(): void
}

/**
 * Takes a call over, and never leaves its caller with nobody: who has no voice, or goes, has handed back.
 *
 * ```
 *   takeOver ─▶ microphone ── none: the agent keeps the call
 *                  └─ open ─▶ take-over ─▶ speaking ─┬─ handBack
 *                                                    └─ microphone or line gone, listening stopped, view left, signed out,
 *                                                       page closed: handed back at once; the server does in 10 s
 * ```
 * A call that another operator has taken over is theirs: only they are heard in it, and going hands back only what was taken
 * over here.
 */
export function useTakeOver({ callId, isTakenOver, line, tell, onDone }: TakeOverOptions): TakeOver {
  const mine = useRef(false)
  const [isOurs, setOurs] = useState(false)
  const [isVoiceless, setVoiceless] = useState(false)
  const giveBack = useCallback(async () => {
    if (!mine.current) return
    mine.current = false
    const command: CommandRequest = { type: 'hand-back' }
    // Nobody may be there any more to hear that it failed; the server then does it by itself.
    await api.lastWord(commandsOf(callId), command).catch(() => undefined)
  }, [callId])
  useEffect(() => {
    const off = onLeaving(giveBack)
    return () => {
      off()
      void giveBack()
    }
  }, [giveBack])
  useEffect(() => {
    if (line.speaking || !mine.current) return
    setVoiceless(true)
    void giveBack().then(onDone)
  }, [line.speaking])
  const wasTakenOver = useRef(isTakenOver)
  useEffect(() => {
    // Handed back by somebody else: who is not heard any more does not go on speaking.
    if (wasTakenOver.current && !isTakenOver) {
      mine.current = false
      setOurs(false)
      if (line.speaking) line.stopSpeaking()
    }
    wasTakenOver.current = isTakenOver
  }, [isTakenOver])

  const takeOver = async () => {
    setVoiceless(false)
    // First the voice: the browser may ask for it, and until it is there the agent is better than silence.
    const voice = await line.startSpeaking()
    if (voice === 'failed') setVoiceless(true)
    if (voice !== 'speaking') return
    mine.current = true
    const isDone = await tell({ type: 'take-over' })
    setOurs(isDone)
    if (!isDone) {
      mine.current = false
      line.stopSpeaking()
    } else if (!mine.current) {
      // The voice was gone before the call was taken over: what was handed back meanwhile was nothing yet.
      mine.current = true
      await giveBack()
      onDone()
    }
  }
  const handBack = async () => {
    setVoiceless(false)
    mine.current = false
    line.stopSpeaking()
    await tell({ type: 'hand-back' })
  }
  return { takeOver, handBack, isOurs, isVoiceless }
}

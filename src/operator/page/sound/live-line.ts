import { type LineEnd, type LineWire, openLineWire } from './line-wire.ts'
import { type FromLine, type ToLine, worklets } from './messages.ts'
import { closeMicrophone, type MicrophoneFault, openMicrophone } from './microphone.ts'
import { openSoundCard, type SoundCard } from './sound-card.ts'

/** A live call that is listened to, and spoken into while it is taken over. */
export interface LiveLine {
  /** Opens the microphone; what it hears goes into the call until `stopSpeaking`, which may come before it is open. */
  startSpeaking(): Promise<'speaking' | 'given-up' | MicrophoneFault>
  stopSpeaking(): void
  close(): void
}

export interface LiveLineListener {
  /** How loud the line is [dBFS], 50 times a second. */
  heard(dbfs: number): void
  /** The microphone is gone that was spoken into. */
  gone(): void
  /** Not after `close`. */
  ended(why: LineEnd): void
}

/** The operator's voice goes out in pieces of 40 ms: half as many messages, and nobody notices. */
const PIECE_BYTES = 320
const HEAD_BYTES = 5

/**
 * Opens the sound of a live call.
 *
 * ```
 *   server ── 0 caller | 1 agent, atMs, mu-law ──▶ worklet: each in its own time, a little apart ──▶ loudspeaker
 *   server ◀── 40 ms of mu-law ── while speaking, silence too ◀── worklet ◀── microphone
 * ```
 * A socket that is lost is opened again, and the operator goes on speaking.
 * @throws an Error when no sound can be played.
 */
export async function openLiveLine(callId: string, listener: LiveLineListener): Promise<LiveLine> {
  const card = await openSoundCard(worklets.line, 2)
  const origin = location.origin.replace(/^http/, 'ws')
  const wire = openLineWire(() => new WebSocket(`${origin}/api/calls/${encodeURIComponent(callId)}/audio`), {
    heard(data) {
      const sound = readSound(data)
      // While the operator speaks in the agent's place, what the agent's side says is the operator.
      if (sound !== undefined && !(voice.speaking && sound.voice === 1)) card.port.postMessage(sound)
    },
    ended(why) {
      close()
      listener.ended(why)
    },
  })
  const voice = makeVoice(card, wire, listener)
  const close = () => {
    voice.stop()
    wire.close()
    card.close()
  }
  return { startSpeaking: voice.start, stopSpeaking: voice.stop, close }
}

function makeVoice(card: SoundCard, wire: LineWire, listener: LiveLineListener) {
  let speaking = false
  let wanted = 0
  const piece = new Uint8Array(PIECE_BYTES)
  let filled = 0
  const stop = () => {
    wanted++
    speaking = false
    filled = 0
    card.hear({ fault: 'gone' })
  }
  card.port.onmessage = ({ data: { said, heardDbfs } }: MessageEvent<FromLine>) => {
    listener.heard(heardDbfs)
    if (!speaking) return
    piece.set(said, filled)
    filled += said.length
    if (filled < piece.length) return
    wire.send(piece)
    filled = 0
  }
  return {
    get speaking() {
      return speaking
    },
    stop,
    async start(): Promise<'speaking' | 'given-up' | MicrophoneFault> {
      const mine = ++wanted
      const microphone = await openMicrophone()
      if (mine !== wanted) {
        closeMicrophone(microphone)
        return 'given-up'
      }
      if ('fault' in microphone) return microphone.fault
      for (const track of microphone.stream.getTracks()) {
        track.addEventListener('ended', () => {
          if (mine !== wanted) return
          stop()
          listener.gone()
        })
      }
      card.hear(microphone)
      speaking = true
      return 'speaking'
    },
  }
}

function readSound(data: ArrayBuffer): ToLine | undefined {
  if (data.byteLength <= HEAD_BYTES) return undefined
  const view = new DataView(data)
  const voice = view.getUint8(0)
  if (voice !== 0 && voice !== 1) return undefined
  return { type: 'sound', voice, atMs: view.getUint32(1, true), audio: new Uint8Array(data, HEAD_BYTES) }
}

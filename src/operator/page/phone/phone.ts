import { serverNow } from '../api-client.ts'
import { onLeaving } from '../leaving.ts'
import { playKey } from '../sound/key-tones.ts'
import { Needle } from '../sound/loudness.ts'
import { worklets } from '../sound/messages.ts'
import { closeMicrophone, type MicrophoneFault, openMicrophone } from '../sound/microphone.ts'
import { levelDbfs, MULAW_SILENCE } from '../sound/mulaw.ts'
import { openSoundCard, type SoundCard } from '../sound/sound-card.ts'
import { type BadLine, type LineQuality, makeBadLine } from './bad-line.ts'
import { type CallEnding, type CallStep, type Dialled, PhoneCall } from './phone-call.ts'
import { newPhoneKey, type PhoneKey } from './phone-key.ts'
import { browserWorld, handsetOf } from './world.ts'

/** What is seen of the phone. */
export interface PhoneState {
  /** `opening`: the microphone and the sound card; the operator may be asked for them. */
  readonly phase: 'idle' | 'opening' | 'in-call'
  readonly step?: CallStep
  /** Of the last call, and where it is found in history. */
  readonly ending?: CallEnding
  readonly callSid?: string
  /** When it was first answered [ms since 1970]. */
  readonly answeredAt?: number
  readonly fault?: MicrophoneFault
  /** Why no sound can be played, in the browser's words. */
  readonly soundProblem?: string
  readonly muted: boolean
  readonly quality: LineQuality
  readonly volume: number
  /** The keys that were pressed in this call. */
  readonly keys: string
}

/** A call, its sound, and who is told to let go of them. */
interface Open {
  readonly card: SoundCard
  readonly call: PhoneCall
}

/** How many pressed keys are shown. */
const KEYS_SHOWN = 24

/**
 * The telephone of this page. There is one, whichever view is shown: a call goes on while its operator looks at the board.
 *
 * ```
 *   idle ── call ─▶ opening: sound card, microphone ─▶ in-call: PhoneCall ─▶ idle, with how it ended
 *                       └─ no microphone: it can still listen     └─ hangUp, or the page goes away
 * ```
 */
class Telephone {
  readonly said = new Needle()
  readonly heard = new Needle()
  #state: PhoneState = { phase: 'idle', muted: false, quality: 'clean', volume: 1, keys: '' }
  #line: BadLine = makeBadLine('clean', Math.random)
  #open: Open | undefined
  /** Of the call that there is; aborts when the operator gives up before it stands. */
  #opening: AbortController | undefined
  readonly #listeners = new Set<() => void>()

  get state(): PhoneState {
    return this.#state
  }

  /** @returns what ends the listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls a number, or with `undefined` whoever answers all others. It has to come of a click. */
  async call(to: string | undefined, from: string): Promise<void> {
    if (this.#state.phase !== 'idle') return
    const { muted, quality, volume } = this.#state
    this.#show({ phase: 'opening', muted, quality, volume, keys: '' })
    const opening = new AbortController()
    this.#opening = opening
    let card: SoundCard | undefined
    try {
      card = await openSoundCard(worklets.phone, 1)
      // Who has hung up by now is not asked for a microphone any more.
      if (opening.signal.aborted) return
      card.setVolume(this.#state.volume)
      const microphone = await openMicrophone()
      if (opening.signal.aborted) {
        closeMicrophone(microphone)
        return
      }
      card.hear(microphone)
      if ('stream' in microphone) this.#watch(microphone.stream)
      const key = await newPhoneKey()
      if (opening.signal.aborted) return
      const fault = 'fault' in microphone ? microphone.fault : undefined
      const call = this.#place(card, { ...key, from, to }, fault)
      const ending = await call.ended
      this.#change({ ending })
    } catch (error) {
      if (!opening.signal.aborted)
        this.#change({ soundProblem: error instanceof Error ? error.message : String(error) })
    } finally {
      card?.close()
      // Who gave up may have called again by now.
      if (this.#opening === opening) this.#rest()
    }
  }

  hangUp(): void {
    if (this.#open !== undefined) this.#open.call.hangUp()
    else if (this.#opening !== undefined) {
      this.#opening.abort()
      this.#rest()
    }
  }

  /** Presses a key, heard by the operator too. Harmless when no call is there. */
  press(key: string): void {
    if (this.#open === undefined) return
    playKey(this.#open.card.context, key)
    if (this.#open.call.press(key)) this.#change({ keys: (this.#state.keys + key).slice(-KEYS_SHOWN) })
  }

  settle(how: Dialled): void {
    this.#open?.call.settle(how)
  }

  mute(muted: boolean): void {
    this.#change({ muted })
  }

  takeLine(quality: LineQuality): void {
    this.#line = makeBadLine(quality, Math.random)
    this.#change({ quality })
  }

  /** @param volume from 0 to 1. */
  setVolume(volume: number): void {
    this.#open?.card.setVolume(volume)
    this.#change({ volume })
  }

  #place(
    card: SoundCard,
    whom: PhoneKey & { readonly from: string; readonly to: string | undefined },
    fault: MicrophoneFault | undefined,
  ): PhoneCall {
    const handset = handsetOf(card, (frame, heardDbfs) => {
      this.said.hear(this.#state.muted ? levelDbfs(noSound) : levelDbfs(frame))
      this.heard.hear(heardDbfs)
    })
    const call = new PhoneCall({
      world: { handset, ...browserWorld(card), line: () => this.#line, muted: () => this.#state.muted },
      ...whom,
      onStep: (step) => {
        const answeredAt = this.#state.answeredAt ?? (step.type === 'calling' ? undefined : serverNow())
        this.#change({ step, ...(answeredAt === undefined ? {} : { answeredAt }) })
      },
    })
    this.#open = { card, call }
    this.#change({ phase: 'in-call', callSid: call.callSid, ...(fault === undefined ? {} : { fault }) })
    return call
  }

  /** Puts the phone down. */
  #rest(): void {
    this.#open = undefined
    this.#opening = undefined
    const { step: _, ...rest } = this.#state
    this.#show({ ...rest, phase: 'idle' })
  }

  #watch(stream: MediaStream): void {
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.#change({ fault: 'gone' }))
  }

  #change(changes: Partial<PhoneState>): void {
    this.#show({ ...this.#state, ...changes })
  }

  #show(state: PhoneState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

const noSound = new Uint8Array(1).fill(MULAW_SILENCE)

/** The one telephone. */
export const telephone = new Telephone()

// Who signs out, or closes the page, has hung up.
onLeaving(() => telephone.hangUp())

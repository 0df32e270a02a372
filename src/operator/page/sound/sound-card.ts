import workletUrl from './line-worklet.ts?worker&url'
import type { worklets } from './messages.ts'
import { closeMicrophone, type Microphone } from './microphone.ts'

/** A worklet that runs, with its port, and what it is connected to. */
export interface SoundCard {
  readonly context: AudioContext
  readonly port: MessagePort
  /** Connects a microphone, instead of the one before. */
  hear(microphone: Microphone): void
  /** How loud everything is played, from 0 to 1. */
  setVolume(volume: number): void
  close(): void
}

/** How long a sound card may take to start [ms]: one that is not there never does. */
const START_MS = 5000

/**
 * Opens the sound card with one of our worklets on it. It has to begin with something that the operator did: browsers play
 * nothing before that.
 *
 * ```
 *   microphone ─▶ worklet ─▶ volume ─▶ loudspeaker
 *                  ▲   │ port
 *                  └───┴─ frames, marks
 * ```
 * @throws an Error when the browser has no worklets (a page that is not secure) or no sound card starts.
 */
export async function openSoundCard(
  worklet: (typeof worklets)[keyof typeof worklets],
  channels: 1 | 2,
): Promise<SoundCard> {
  const context = new AudioContext({ latencyHint: 'interactive' })
  try {
    // Absent on pages that are not secure, whatever its type says.
    const modules: AudioWorklet | undefined = context.audioWorklet
    if (modules === undefined) throw new Error('the browser has no AudioWorklet here')
    await withDeadline(Promise.all([context.resume(), modules.addModule(workletUrl)]))
    const node = new AudioWorkletNode(context, worklet, { outputChannelCount: [channels] })
    const volume = new GainNode(context)
    node.connect(volume).connect(context.destination)
    return cardOf(context, node, volume)
  } catch (error) {
    await context.close()
    throw error
  }
}

function cardOf(context: AudioContext, node: AudioWorkletNode, volume: GainNode): SoundCard {
  let heard: { readonly microphone: Microphone; readonly source: MediaStreamAudioSourceNode } | undefined
  const unplug = () => {
    heard?.source.disconnect()
    if (heard !== undefined) closeMicrophone(heard.microphone)
    heard = undefined
  }
  // A device that is unplugged, a call on the telephone that shows this page: it goes on as soon as it may.
  context.onstatechange = () => {
    if (context.state !== 'running') context.resume().catch(() => undefined)
  }
  return {
    context,
    port: node.port,
    hear(microphone) {
      unplug()
      if (!('stream' in microphone)) return
      const source = new MediaStreamAudioSourceNode(context, { mediaStream: microphone.stream })
      source.connect(node)
      heard = { microphone, source }
    },
    setVolume(value) {
      volume.gain.setTargetAtTime(value, context.currentTime, 0.01)
    },
    close() {
      unplug()
      node.port.onmessage = null
      context.onstatechange = null
      node.disconnect()
      context.close().catch(() => undefined)
    },
  }
}

async function withDeadline(work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the sound card does not start')), START_MS)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

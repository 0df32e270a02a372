import { playKey } from '../sound/key-tones.ts'
import type { FromPhone, ToPhone } from '../sound/messages.ts'
import type { SoundCard } from '../sound/sound-card.ts'
import type { Handset, HandsetListener } from './media-stream.ts'
import type { Answer, CallWorld } from './phone-call.ts'
import { type Question, readTwiml } from './twiml.ts'

/** How loud both sides are, 50 times a second: said as mu-law, heard in dBFS. */
export type OnFrame = (said: Uint8Array, heardDbfs: number) => void

const PATH = '/api/phone'
/** Twilio waits so long for an answer [ms]. */
const ANSWER_MS = 15_000
/** How long words take that nobody speaks here [ms a character]. */
const READING_MS = 65
/** A key that the agent presses, and the silence after it; `w` is half a second [ms]. */
const KEY_MS = 200
const HALF_SECOND_MS = 500

/** A handset on a sound card. */
export function handsetOf({ port }: SoundCard, onFrame: OnFrame): Handset {
  let listener: HandsetListener | undefined
  port.onmessage = ({ data }: MessageEvent<FromPhone>) => {
    if (data.type === 'mark') listener?.mark(data.name)
    else {
      onFrame(data.said, data.heardDbfs)
      listener?.frame(data.said)
    }
  }
  const tell = (message: ToPhone) => port.postMessage(message)
  return {
    play: (audio) => tell({ type: 'play', audio }),
    mark: (name) => tell({ type: 'mark', name }),
    clear: () => tell({ type: 'clear' }),
    listen(next) {
      listener = next
    },
  }
}

/** What a call needs of the browser, but for its handset and its manners. */
export function browserWorld(card: SoundCard): Pick<CallWorld, 'ask' | 'connect' | 'say' | 'dial' | 'wait' | 'random'> {
  return {
    ask,
    connect: (behind) => new WebSocket(`${location.origin.replace(/^http/, 'ws')}${PATH}/media${behind}`),
    say,
    async dial(digits, signal) {
      for (const digit of digits) {
        if (signal.aborted) return
        if (digit !== 'w' && digit !== 'W') playKey(card.context, digit)
        await wait(digit === 'w' ? HALF_SECOND_MS : digit === 'W' ? 2 * HALF_SECOND_MS : KEY_MS, signal)
      }
    },
    wait,
    random: Math.random,
  }
}

async function ask(
  { door, query }: Question,
  form: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Answer> {
  const deadline = AbortSignal.timeout(ANSWER_MS)
  const response = await fetch(`${PATH}/${door}${query}`, {
    method: 'POST',
    headers: { 'X-Offhook': '1' },
    body: new URLSearchParams(form),
    credentials: 'same-origin',
    // The last question, that nobody is there any more, is asked by a page that may be closing.
    keepalive: true,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  })
  const text = await response.text()
  if (!response.ok) return { status: response.status }
  const document = new DOMParser().parseFromString(text, 'text/xml')
  return { status: response.status, verbs: readTwiml(document.documentElement) }
}

/** The browser speaks, if it can; the words stand on the page in any case. */
async function say(text: string, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const speech: SpeechSynthesis | undefined = globalThis.speechSynthesis
  if (speech !== undefined) {
    const words = new SpeechSynthesisUtterance(text)
    words.lang = 'en-US'
    words.onend = () => done.abort()
    speech.speak(words)
  }
  const isSpoken = speech !== undefined && speech.getVoices().length > 0
  await wait(text.length * READING_MS * (isSpoken ? 3 : 1), AbortSignal.any([signal, done.signal]))
  speech?.cancel()
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

import { gzip } from 'node:zlib'
import type { Logger } from '../../base/log.ts'
import type { Agent } from '../../call/agent.ts'
import type { CallTap, OpenTap, Tapped, TappedStream } from '../../call/tap.ts'
import { type FileClosed, OpenFiles, ShelfFile, type ShelfFileOptions } from '../shelf-file.ts'
import { FLIGHT_VERSION, type FlightHeader, lineOf, textOf } from './flight.ts'

/** What is lost with the process is less than this [ms]. */
const PIECE_MS = 1000
/** ... or this much text [characters]: a model sends minutes of sound in a second. */
const PIECE_CHARS = 1 << 18
/** What waits for its turn to be compressed [characters]; beyond it the machine is too slow for all this. */
const MAX_WAITING_CHARS = 1 << 24

export interface FlightRecorderOptions {
  /** The data directory. */
  readonly directory: string
  /** What one record may grow to [bytes]; then it says so and stops. */
  readonly maxBytes: number
  readonly log: Logger
  readonly onClosed?: FileClosed
  /** For tests of a disk that fails. */
  readonly open?: ShelfFileOptions['open']
}

/**
 * Keeps everything that crosses the wires of calls whose agents want it: lines of JSON in pieces, each compressed by itself,
 * so that what was written can be read whenever the process dies (`zcat` reads it too).
 *
 * ```
 *   tap ─▶ line, line, line … ── 1 s, or 256 k ──▶ gzip, in the thread pool ─▶ file ─▶ disk
 *          header │ tapped │ tapped …                                  └ maxBytes: `full`, and nothing more
 * ```
 * Keys that the caller pressed are in it as they were pressed, also those of a card or a PIN, and so are the words of both:
 * a replay needs them. The store masks them. Who may not keep them must not ask for flight records.
 *
 * Disposing closes what is open and waits for the disk, 5 s at most.
 */
export function makeFlightRecorder(options: FlightRecorderOptions): OpenTap & AsyncDisposable {
  const { directory, maxBytes, log, onClosed, open } = options
  const files = new OpenFiles()
  const openTap: OpenTap = (stream) => {
    if (!stream.agent.flightRecorder) return undefined
    const place = { directory, callId: stream.info.callId, name: `${stream.answeredAt}.flight` }
    const file = new ShelfFile({ ...place, log, onClosed, ...(open === undefined ? {} : { open }) })
    const flight = new Flight(file, { callId: place.callId, maxBytes, log })
    files.add(flight)
    flight.write(`${JSON.stringify(headerOf(stream))}\n`, 0)
    return tapOf(flight, () => files.close(flight))
  }
  return Object.assign(openTap, { [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() })
}

function tapOf(flight: Flight, close: () => void): CallTap {
  return (what: Tapped) => {
    if (flight.writable) flight.write(lineOf(what), what.atMs)
    if (what.type === 'happened' && what.event.type === 'ended') close()
  }
}

interface FlightBounds extends Pick<FlightRecorderOptions, 'maxBytes' | 'log'> {
  readonly callId: string
}

/** The text of one record on its way to its file. */
class Flight {
  readonly #file: ShelfFile
  readonly #bounds: FlightBounds
  #lines: string[] = []
  #chars = 0
  #sinceMs = 0
  #lastMs = 0
  #full = false
  /** Whether the line that says so has been written. */
  #told = false
  /** What is being compressed; resolved: nothing is. */
  #work: Promise<void> = Promise.resolve()
  #busy = false

  constructor(file: ShelfFile, bounds: FlightBounds) {
    this.#file = file
    this.#bounds = bounds
  }

  get writable(): boolean {
    return !this.#full && this.#file.writable
  }

  write(line: string, atMs: number): void {
    this.#lastMs = atMs
    this.#lines.push(line)
    this.#chars += line.length
    if (atMs - this.#sinceMs < PIECE_MS && this.#chars < PIECE_CHARS) return
    this.#sinceMs = atMs
    if (this.#chars > MAX_WAITING_CHARS) this.#fill('compressing is too slow')
    else if (!this.#busy) this.#work = this.#compress()
  }

  async close(): Promise<void> {
    await this.#work
    await this.#compress()
    await this.#file.close()
  }

  /** Never rejects. */
  async #compress(): Promise<void> {
    const owes = this.#lines.length > 0 || (this.#full && !this.#told)
    if (!owes || !this.#file.writable) return
    const text = this.#lines.join('')
    this.#lines = []
    this.#chars = 0
    this.#busy = true
    const bytes = await compressed(text)
    this.#busy = false
    if (this.#file.bytes + bytes.length <= this.#bounds.maxBytes) this.#file.append(bytes)
    else this.#fill('it has reached its greatest length')
    // Behind what was on its way when the record ended.
    if (!this.#full || this.#told) return
    this.#told = true
    this.#file.append(await compressed(`{"atMs":${this.#lastMs},"type":"full"}\n`))
  }

  /** What has not been compressed yet is lost; who compresses ends the record with the line that says so. */
  #fill(reason: string): void {
    if (this.#full) return
    this.#full = true
    this.#lines = []
    const { log, callId } = this.#bounds
    log.warn({ callId, reason }, 'a flight record ends before its call')
  }
}

/** Fast: sound in base64 becomes three quarters, and harder work does not make it less. */
function compressed(text: string): Promise<Buffer> {
  return new Promise((resolve) =>
    gzip(text, { level: 1 }, (error, bytes) => resolve(error === null ? bytes : Buffer.alloc(0))),
  )
}

function headerOf({ info, agent, format, answeredAt }: TappedStream): FlightHeader {
  const { callId, from, to, resumed } = info
  return {
    ...{ flight: FLIGHT_VERSION, callId, from, to, answeredAt, format, agent: plainAgent(agent) },
    ...(resumed === undefined ? {} : { resumed: { ...resumed, said: [...resumed.said] } }),
  }
}

function plainAgent(agent: Agent): FlightHeader['agent'] {
  const { name, instructions, greeting, bargeIn, manners, leadMs, connectMs } = agent
  const [first, ...others] = agent.providers.map((provider) => ({
    name: provider.name,
    ...(provider.sessionMs === undefined ? {} : { sessionMs: provider.sessionMs }),
  }))
  return {
    ...{ name, instructions, bargeIn, leadMs, connectMs },
    providers: [first ?? { name: '' }, ...others],
    ...(greeting === undefined
      ? {}
      : { greeting: greeting.type === 'sound' ? { ...greeting, sound: pcmText(greeting.sound) } : greeting }),
    manners: { ...manners, filler: pcmText(manners.filler), hold: pcmText(manners.hold) },
    tools: agent.tools.map(({ declaration, deadlineMs }) => ({
      name: declaration.name,
      description: declaration.description,
      parameters: { ...declaration.parameters },
      deadlineMs,
    })),
  }
}

function pcmText(sound: Int16Array): string {
  return textOf(new Uint8Array(sound.buffer, sound.byteOffset, sound.byteLength))
}

import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { WebSocket } from 'ws'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import type { Offhook } from '../../src/offhook.ts'
import { Phone } from '../carriers/twilio/phone.ts'
import { type HouseOptions, openHouse, wait } from '../e2e/house.ts'

/** A house whose calls are carried by processes of their own; two, unless told otherwise. */
export async function openWorkerHouse(options: HouseOptions = {}) {
  const house = await openHouse({ ...options, env: { WORKERS: '2', ...options.env } })
  const { offhook } = house
  const phones: Phone[] = []
  const post = (path: string, callSid: string) =>
    fetch(offhook.url + path, {
      method: 'POST',
      body: new URLSearchParams({
        CallSid: callSid,
        From: '+15550001111',
        To: '+15550002222',
        CallStatus: 'in-progress',
      }),
    })
  /** A bare phone whose socket has still to be opened. */
  const knock = (path = MEDIA) => {
    const url = offhook.url.replace('http', 'ws') + path
    const phone = new Phone(new WebSocket(url, { perMessageDeflate: false }))
    phones.push(phone)
    return phone
  }
  const rig = {
    ...house,
    post,
    /** Live calls of each worker. */
    live: async () => {
      const read = await metricsOf(offhook)
      return ['1', '2'].map((worker) => read(`offhook_live_calls{worker="${worker}"}`))
    },
    /** Open media sockets of each worker: by these the next call's worker is chosen. */
    sockets: async () => {
      const read = await metricsOf(offhook)
      return ['1', '2'].map((worker) => read(`offhook_media_sockets{worker="${worker}"}`))
    },
    /** Process ids of the workers, the latest of each. */
    pids: () => {
      const pids = new Map<string, number>()
      for (const { fields } of JSON.parse(house.logged()) as { fields: { worker?: string; pid?: number } }[]) {
        if (fields.worker !== undefined && fields.pid !== undefined) pids.set(fields.worker, fields.pid)
      }
      return pids
    },
    /** Reports the call and returns what the TwiML says of its stream. */
    announce: async (callSid: string) => ({
      callSid,
      ...streamIn(await (await post('/twilio/voice', callSid)).text()),
    }),
    knock,
    /** A bare phone whose socket is open. */
    connect: async (path = MEDIA) => {
      const phone = knock(path)
      await phone.opened
      return phone
    },
    async [Symbol.asyncDispose]() {
      for (const phone of phones) phone.socket.terminate()
      await house[Symbol.asyncDispose]()
    },
  }
  return rig
}

const MEDIA = '/twilio/media'

/** Token and path of the stream in a document. */
function streamIn(twiml: string): { token: string; path: string } {
  const token = /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? ''
  return { token, path: /<Stream url="ws:\/\/[^/"]+([^"]+)"/.exec(twiml)?.[1] ?? '' }
}

/** A thread of phones, so that they speak also while ours is busy. Each sends its frames in one go as soon as it may. */
export function startPhones(
  url: string,
  calls: readonly { readonly callSid: string; readonly token: string; readonly path: string }[],
  frames: readonly Uint8Array[],
) {
  const payloads = frames.map((frame) => Buffer.from(frame).toString('base64'))
  const thread = new Worker(phonesScript, { eval: true, workerData: { url, calls, payloads }, execArgv: [] })
  let spoken = 0
  thread.on('message', () => spoken++)
  return {
    allHaveSpoken: () => spoken === calls.length,
    [Symbol.asyncDispose]: async () => void (await thread.terminate()),
  }
}

const phonesScript = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { WebSocket } = require('ws')
  const { url, calls, payloads } = workerData
  for (const { callSid, token, path } of calls) {
    const streamSid = 'MZ' + callSid
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { accountSid: 'AC1', streamSid, callSid, mediaFormat, customParameters: { token } }
    const socket = new WebSocket(url.replace('http', 'ws') + path, { perMessageDeflate: false })
    socket.on('open', () => {
      socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
      socket.send(JSON.stringify({ event: 'start', sequenceNumber: '1', start, streamSid }))
      payloads.forEach((payload, n) => {
        const media = { track: 'inbound', chunk: String(n + 1), timestamp: String(20 * n), payload }
        socket.send(JSON.stringify({ event: 'media', sequenceNumber: String(n + 2), media, streamSid }))
      })
      parentPort.postMessage('spoken')
    })
  }
`

/** Reads `/metrics`; the sample of that name and labels, 0 when there is none. */
export async function metricsOf(offhook: Pick<Offhook, 'url'>): Promise<(sample: string) => number> {
  const text = await (await fetch(`${offhook.url}/metrics`)).text()
  const samples = new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([^#\s]\S*) (\S+)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, Number(value)]]
    }),
  )
  return (sample) => samples.get(sample) ?? 0
}

/** Waits for what another process has still to do. */
export async function eventually(condition: () => boolean | Promise<boolean>, ms = 8000): Promise<void> {
  const deadlineMs = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`it did not happen within ${ms} ms: ${condition}`)
    await wait(10)
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Real recorded speech as a caller says it. */
export function speech(file: string): Uint8Array {
  const [samples] = readWav(readFileSync(new URL(`../../fixtures/audio/${file}.wav`, import.meta.url))).channels
  return encodeMulaw(samples ?? new Int16Array())
}

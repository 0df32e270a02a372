import { describe, expect, it } from 'vitest'
import type { AnalystService, Turn } from '../../src/after-call/analyst-messages.ts'
import { makeAskDmxapi } from '../../src/after-call/ask-dmxapi.ts'
import { type Ask, makeAskQwen } from '../../src/after-call/ask-qwen.ts'
import { readServerSentEvents } from '../../src/after-call/server-sent-events.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { startAnalysisServer } from '../../src/simulators/analysis/server.ts'

const apiKey = 'sk-simulated'
const never = new AbortController().signal
const turns: readonly Turn[] = [{ role: 'user', text: 'What was it about?' }]
const wav = writeWav({ sampleRate: 8000, channels: [new Int16Array(800)] })
const sound = `data:;base64,${Buffer.from(wav).toString('base64')}`

const flavours = [
  ['qwen', '/compatible-mode/v1', makeAskQwen, `Bearer ${apiKey}`],
  ['dmxapi', '/v1', makeAskDmxapi, apiKey],
] as const

describe.each(flavours)('an analyst of %s', (by, path, makeAsk: (service: AnalystService) => Ask, authorization) => {
  const service = (url: string, key = apiKey) => ({ by, model: 'qwen3-omni-flash', key, url: `${url}${path}` })

  it.each([true, false])('is asked as its page has it, whether or not its stream says DONE (%s)', async (sendsDone) => {
    await using server = await startAnalysisServer({ apiKey, sendsDone, answer: () => 'Öffnungszeiten 时间 🙂' })
    const ask = makeAsk(service(server.url))
    expect(await ask(turns, sound, never)).toEqual({ ok: true, text: 'Öffnungszeiten 时间 🙂', isWhole: true })
    expect(server.asked).toMatchObject([{ authorization, model: 'qwen3-omni-flash', turns, wantsUsage: true }])
    const [asked] = server.asked
    expect(asked !== undefined && 'wav' in asked && Buffer.from(asked.wav ?? []).equals(wav)).toBe(true)
  })

  it('is not told another key than its own, and says that it was refused', async () => {
    await using server = await startAnalysisServer({ apiKey })
    const answer = await makeAsk(service(server.url, 'sk-wrong'))(turns, undefined, never)
    expect(answer).toEqual({ ok: false, why: 'status', status: 401 })
  })

  it('that is not there is a failure of the network', async () => {
    const server = await startAnalysisServer({ apiKey })
    await server[Symbol.asyncDispose]()
    expect(await makeAsk(service(server.url))(turns, undefined, never)).toEqual({ ok: false, why: 'network' })
  })

  it('that talks without end is cut off', async () => {
    const answer = () => 'x'.repeat(4_300_000)
    await using server = await startAnalysisServer({ apiKey, answer, deltaLength: 100_000 })
    const asked = makeAsk(service(server.url))(turns, undefined, never)
    expect(await asked).toEqual({ ok: false, why: 'too-long' })
  })
})

describe('the simulated service', () => {
  const body = {
    model: 'qwen3-omni-flash',
    stream: true,
    modalities: ['text'],
    messages: [{ role: 'user', content: 'Hello' }],
  }
  const withParts = (...content: readonly unknown[]) => ({ ...body, messages: [{ role: 'user', content }] })
  const soundPart = (data: string, format = 'wav') => ({ type: 'input_audio', input_audio: { data, format } })
  const post = async (url: string, sent: unknown, authorization = `Bearer ${apiKey}`) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(sent) })
    return { status: response.status, text: await response.text() }
  }

  it('refuses what its page does not describe', async () => {
    await using server = await startAnalysisServer({ apiKey })
    const chat = `${server.url}/compatible-mode/v1/chat/completions`
    const responses = `${server.url}/v1/responses`
    const image = { type: 'image_url', image_url: { url: 'https://images.test/1.png' } }
    const refusals: [number, string, unknown, string?][] = [
      [400, chat, { ...body, stream: false }],
      [400, chat, { ...body, stream: undefined }],
      [400, chat, { ...body, modalities: ['audio'] }],
      [400, chat, { ...body, modalities: ['text', 'audio'] }],
      [400, chat, { ...body, messages: [] }],
      [400, chat, { ...body, messages: [{ role: 'assistant', content: [soundPart(sound)] }] }],
      [400, chat, withParts(soundPart(sound), image)],
      [400, chat, withParts(soundPart(sound.replace('data:;', 'data:audio/wav;')))],
      [400, chat, withParts(soundPart(sound, 'flac'))],
      [400, chat, withParts(soundPart('data:;base64,AAAA'))],
      [400, chat, withParts(soundPart(`data:;base64,${'A'.repeat(10_485_760)}`))],
      [401, chat, body, apiKey],
      [401, responses, { ...body, messages: undefined, input: body.messages }, `Bearer ${apiKey}`],
      [400, responses, body, apiKey],
      [404, `${server.url}/v1/chat/completions`, body],
    ]
    for (const [status, url, sent, authorization] of refusals) {
      expect([status, (await post(url, sent, authorization)).status]).toEqual([status, status])
    }
    const { status, text } = await post(chat, { ...body, stream_options: { include_usage: true } })
    expect(status).toBe(200)
    expect(text).toMatch(/"usage":\{"prompt_tokens"[^\n]*\n\ndata: \[DONE\]\n\n$/)
    expect((await post(chat, body)).text).not.toContain('prompt_tokens')
  })
})

describe('an event stream', () => {
  it('is read the same however it is split, and whatever ends its lines', async () => {
    const text = ': hello\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: 时间\n\nevent: b\rdata: 3\r\rdata: rest'
    const bytes = new TextEncoder().encode(text)
    for (let size = 1; size <= bytes.length; size++) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
          controller.close()
        },
      })
      expect(await Array.fromAsync(readServerSentEvents(body))).toEqual([
        { event: 'a', data: '1\n2' },
        { event: 'message', data: '时间' },
        { event: 'b', data: '3' },
        { event: 'message', data: 'rest' },
      ])
    }
  })
})

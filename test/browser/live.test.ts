import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toneDbfs } from '../../src/audio/tone.ts'
import { heardBetween, say } from '../e2e/house.ts'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'
import { makeMicrophone } from './microphone.ts'

const OPERATOR_HZ = 1300
const CALLER_HZ = 400
const AGENT_HZ = 700
/** An agent that answers whatever it hears with a tone. */
const script = {
  turns: Array.from({ length: 9 }, (_, turn) => ({ transcript: `Sentence ${turn + 1}.` })),
  replies: [
    [
      { do: 'say' as const, text: 'I see.' },
      { do: 'tone' as const, hz: AGENT_HZ, ms: 1500 },
    ],
  ],
}
const env = { TRANSFER_TARGETS: 'front desk=+15550100,owner=+15550111', IDLE_PROMPTS_MAX: '0' }

const scope = new AsyncDisposableStack()
let chromium: Chromium
beforeAll(async () => {
  const microphone = scope.use(makeMicrophone([{ toneHz: OPERATOR_HZ, ms: 60_000 }]))
  chromium = scope.use(await openChromium(microphone.path))
})
afterAll(() => scope.disposeAsync())

/** A call under way, and its view. */
async function openCall(
  settings: Readonly<Record<string, string>> = env,
  locale = 'en-GB',
  expects: readonly number[] = [],
) {
  await using opening = new AsyncDisposableStack()
  const desk = opening.use(await openDesk({ script, env: settings }))
  // Whoever is dialled answers at once, and has little to say.
  const call = desk.call({ dial: () => ({ status: 'completed', ringMs: 100, talkMs: 100 }) })
  await call.next('stream-started')
  const visit = opening.use(await chromium.visit(`${desk.url}/#/calls/${call.callSid}`, { locale, expects }))
  const { page } = visit
  const actions = page.locator('.live-actions')
  await actions.waitFor()
  const scope = opening.move()
  return { desk, call, visit, page, actions, [Symbol.asyncDispose]: () => scope.disposeAsync() }
}

describe('an operator in a live call', () => {
  it('reads along, hears both sides, and sees how loud it is', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    const bytes = soundOf(page)
    await actions.getByRole('button', { name: 'Listen', exact: true }).click()
    await actions.getByRole('button', { name: 'Stop listening' }).waitFor()
    const saying = call.speak(say(CALLER_HZ, 1500))
    await expect.poll(() => levelOf(page), { timeout: 10_000 }).toBeGreaterThan(0.2)
    await saying
    await page.getByText('Sentence 1.').waitFor()
    await page.getByRole('region', { name: 'Transcript' }).getByText('I see.').waitFor()
    await expect.poll(() => bytes.caller, { timeout: 10_000 }).toBeGreaterThan(8000)
    await expect.poll(() => bytes.agent, { timeout: 10_000 }).toBeGreaterThan(8000)
    await visit.picture('live-call')
    await actions.getByRole('button', { name: 'Stop listening' }).click()
    call.hangUp()
    await desk.ended(call)
    await page.getByText('Caller hung up').first().waitFor()
    expect(visit.troubles).toEqual([])
  })

  it('tells the agent what the caller does not hear', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    await actions.getByLabel('Tell the agent, unheard by the caller').fill('Offer a call back.')
    await page.keyboard.press('Enter')
    await actions.getByText('The agent has been told.').waitFor()
    const told = () => JSON.stringify(desk.model.sessions[0]?.received.events.map(({ event }) => event) ?? [])
    await expect.poll(told, { timeout: 10_000 }).toContain('Offer a call back.')
    expect(desk.eventsOf(call.callSid)).toContainEqual(
      expect.objectContaining({ type: 'operator', did: 'whispered', text: 'Offer a call back.' }),
    )
    await page.getByRole('region', { name: 'Transcript' }).getByText('Offer a call back.').waitFor()
    expect(desk.logged()).not.toContain('Offer a call back.')
    expect(visit.troubles).toEqual([])
  })

  it('ends the call, when asked whether that is meant', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    await actions.getByRole('button', { name: 'Hang up' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await actions.getByRole('button', { name: 'Hang up' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click()
    expect(await call.ended).toMatchObject({ by: 'server' })
    expect(await desk.ended(call)).toMatchObject({ reason: 'operator-hung-up' })
    await page.getByText('Operator hung up').first().waitFor()
    expect(visit.troubles).toEqual([])
  })

  it('puts the caller through to somebody who is known', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    const dialled = call.next('dialled')
    await actions.getByRole('button', { name: 'Transfer' }).click()
    await page.getByRole('radio', { name: 'owner' }).check()
    await page.getByRole('dialog').getByRole('button', { name: 'Transfer' }).click()
    expect(await dialled).toMatchObject({ number: '+15550111' })
    expect(desk.eventsOf(call.callSid)).toContainEqual(
      expect.objectContaining({ type: 'operator', did: 'transferred', destination: 'owner' }),
    )
    expect(visit.troubles).toEqual([])
  })

  it('takes the call over by voice, and hands it back to the agent', async () => {
    await using open = await openCall()
    const { call, visit, page, actions } = open
    await actions.getByRole('button', { name: 'Take over' }).click()
    await actions.getByText('The caller hears you.').waitFor()
    await page.getByText('Taken over').first().waitFor()
    const fromMs = call.recordedMs
    await call.next('audio-heard', ({ atMs }) => atMs > fromMs + 2000)
    // The agent says nothing to what the caller says now.
    await call.speak(say(CALLER_HZ, 1000))
    await call.next('audio-heard', ({ atMs }) => atMs > fromMs + 4500)
    const during = heardBetween(call, fromMs + 500, fromMs + 4500)
    expect(toneDbfs(during, 8000, OPERATOR_HZ)).toBeGreaterThan(-30)
    expect(toneDbfs(during, 8000, AGENT_HZ)).toBeLessThan(-50)
    await visit.picture('taken-over')
    await actions.getByRole('button', { name: 'Hand back to the agent' }).click()
    await actions.getByRole('button', { name: 'Take over' }).waitFor()
    const backMs = call.recordedMs
    await call.speak(say(CALLER_HZ, 1000))
    await call.next('audio-heard', ({ atMs }) => atMs > backMs + 1000)
    await expect
      .poll(() => toneDbfs(heardBetween(call, backMs + 1000), 8000, AGENT_HZ), { timeout: 10_000 })
      .toBeGreaterThan(-40)
    expect(toneDbfs(heardBetween(call, backMs + 1000), 8000, OPERATOR_HZ)).toBeLessThan(-50)
    expect(visit.troubles).toEqual([])
  })

  it('does not take a call over without a microphone, and says so', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    await page.evaluate(
      `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))`,
    )
    await actions.getByRole('button', { name: 'Take over' }).click()
    const told = actions.getByRole('alert')
    await told.getByText('was not allowed to use the microphone').waitFor()
    await told.getByText('The agent has the call.').waitFor()
    expect(deedsOf(desk, call.callSid)).toEqual([])
    expect(visit.troubles).toEqual([])
  })

  it('keeps the call over a broken line, and hands it back when the microphone or the operator goes', async () => {
    await using open = await openCall()
    const { desk, call, visit, page, actions } = open
    const voices = voicesOf(page)
    // After ten seconds the server hands back by itself.
    const soon = { timeout: 6000 }
    await page.evaluate(`(() => {
      const devices = navigator.mediaDevices
      const ask = devices.getUserMedia.bind(devices)
      devices.getUserMedia = async (what) => (window.heard = await ask(what))
      const Before = WebSocket
      window.WebSocket = class extends Before {
        constructor(url) {
          super(url)
          window.line = this
        }
      }
    })()`)
    await actions.getByRole('button', { name: 'Take over' }).click()
    await actions.getByText('The caller hears you.').waitFor()
    await page.evaluate('line.close()')
    await expect.poll(() => voices.length).toBe(2)
    await expect.poll(() => voices[1]?.bytes ?? 0).toBeGreaterThan(4000)
    await actions.getByText('The caller hears you.').waitFor()
    expect(deedsOf(desk, call.callSid)).toEqual(['took-over'])

    await page.evaluate(`heard.getTracks().forEach((track) => track.dispatchEvent(new Event('ended')))`)
    await actions.getByText('The microphone was unplugged.').waitFor()
    await actions.getByText('The agent has the call.').waitFor()
    await expect.poll(() => deedsOf(desk, call.callSid), soon).toEqual(['took-over', 'handed-back'])

    await actions.getByRole('button', { name: 'Take over' }).click()
    await actions.getByText('The caller hears you.').waitFor()
    await page.getByRole('link', { name: 'History' }).click()
    await expect.poll(() => deedsOf(desk, call.callSid).slice(2), soon).toEqual(['took-over', 'handed-back'])
    expect(await page.evaluate(`heard.getTracks().map(({ readyState }) => readyState)`)).toEqual(['ended'])

    await page.goBack()
    await actions.getByRole('button', { name: 'Take over' }).click()
    await actions.getByText('The caller hears you.').waitFor()
    await page.goto('about:blank')
    await expect.poll(() => deedsOf(desk, call.callSid).slice(4), soon).toEqual(['took-over', 'handed-back'])
    expect(visit.troubles).toEqual([])
  })

  it('is told in their own language why something is not done, and whom callers could be put through to', async () => {
    await using open = await openCall({ IDLE_PROMPTS_MAX: '0' }, 'zh-CN', [503])
    const { visit, page, actions } = open
    const error = 'The store does not answer.'
    await page.route('**/commands', (route) => route.fulfill({ status: 503, json: { error } }))
    await actions.getByRole('textbox').fill('Offer a call back.')
    await page.keyboard.press('Enter')
    await actions.getByText('服务器暂时无法处理').waitFor()
    expect(await actions.getByText(error).getAttribute('lang')).toBe('en')
    await actions.getByText('TRANSFER_TARGETS').waitFor()
    expect(await actions.getByRole('button', { name: '转接' }).isDisabled()).toBe(true)
    await page.getByRole('log', { name: '文字记录' }).waitFor()
    expect(visit.troubles).toEqual([])
  })
})

/** What operators did in a call. */
function deedsOf(desk: Awaited<ReturnType<typeof openDesk>>, callId: string): readonly string[] {
  return desk.eventsOf(callId).flatMap((event) => (event.type === 'operator' ? [event.did] : []))
}

/** Counts the operator's voice that goes out from now on, line by line. */
function voicesOf(page: Page): readonly { readonly bytes: number }[] {
  const voices: { bytes: number }[] = []
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/audio')) return
    const voice = { bytes: 0 }
    voices.push(voice)
    socket.on('framesent', ({ payload }) => {
      voice.bytes += payload.length
    })
  })
  return voices
}

/** Counts the sound that comes to the page from now on, by who makes it [bytes]. */
function soundOf(page: Page): { caller: number; agent: number } {
  const bytes = { caller: 0, agent: 0 }
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/audio')) return
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload === 'string') return
      bytes[payload[0] === 0 ? 'caller' : 'agent'] += payload.length - 5
    })
  })
  return bytes
}

/** How far the needle stands, from 0 to 1. */
function levelOf(page: Page): Promise<number> {
  return page.evaluate(`new DOMMatrix(getComputedStyle(document.querySelector('.level > span')).transform).a`)
}

import { describe, expect, it } from 'vitest'
import { levelDbfs } from '../../src/audio/level.ts'
import { samplesOf } from '../../src/audio/pcm.ts'
import { toneDbfs } from '../../src/audio/tone.ts'
import { openChromium } from './browser.ts'
import { openDesk, openEmbedded } from './house.ts'
import { makeMicrophone } from './microphone.ts'

/** Some twenty seconds of it, a sentence at a time: there is much to talk over. */
const GREETING = [
  'Good evening.',
  'This is the restaurant in the old harbour.',
  'Before we begin, let me tell you what I can do for you.',
  'I know when we are open, and when we are closed.',
  'I know where we are, and how you get there from the station.',
  'I know what there is to eat today, and what it costs.',
  'And I can find a table for you.',
].join(' ')

describe('the phone in the page', () => {
  it('is how a newcomer talks to the embedded agent, over it too, and then finds, reads and hears the call', async () => {
    // Seven seconds later the greeting is being said, however busy the machine is, and is far from its end.
    using microphone = makeMicrophone([{ silentMs: 7000 }, { say: 'location' }])
    await using house = await openEmbedded({ AGENT_GREETING: GREETING })
    await using chromium = await openChromium(microphone.path)
    await using visit = await chromium.visit(house.url)
    const { page } = visit
    await page.getByRole('link', { name: 'Call the agent from this page' }).click()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByText('Connected').waitFor()
    const transcript = page.getByRole('region', { name: 'Transcript' })
    await expect
      .poll(() => page.getByRole('meter', { name: 'The agent' }).getAttribute('aria-valuenow'), { timeout: 15_000 })
      .not.toBe('0')
    await house.happened((event) => event.type === 'barge-in' && event.heardMs > 0 && event.unheardMs > 0)
    await transcript.getByText('location', { exact: true }).waitFor()
    await transcript.getByText('Harbour Street').waitFor()
    await visit.picture('phone-in-call')
    await house.happened((event) => event.type === 'heard' && event.heardText.includes('Harbour Street'))
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.getByText('You hung up.').waitFor()
    await house.happened(({ type }) => type === 'ended')

    // It is found where all calls are found,
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByLabel('Words').fill('harbour street')
    await page.getByRole('button', { name: 'Search' }).click()
    const rows = page.getByRole('table', { name: 'Calls', exact: true }).locator('tbody').getByRole('row')
    await expect.poll(() => rows.count()).toBe(1)
    expect(await rows.first().textContent()).toContain('Caller hung up')
    await rows.first().getByRole('link').click()
    // read, with what was not heard of it,
    const line = transcript.getByRole('listitem').filter({ hasText: 'Good evening.' })
    expect(await line.locator('del').textContent()).toMatch(/a table for you\.$/)
    // and heard.
    const position = page.getByRole('slider', { name: 'Position' })
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await expect.poll(async () => Number(await position.inputValue())).toBeGreaterThan(500)
    await visit.picture('phone-call-kept')
    expect(visit.troubles).toEqual([])
  })

  it('has keys that are heard as keys, a mute that is one, and a bad line on request', async () => {
    using microphone = makeMicrophone([{ toneHz: 800, ms: 60_000 }])
    await using desk = await openDesk({ env: { IDLE_PROMPTS_MAX: '0' } })
    await using chromium = await openChromium(microphone.path)
    await using visit = await chromium.visit(`${desk.url}/#/phone`)
    const { page } = visit
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByText('Connected').waitFor()
    /** What the model hears in a second from now on. */
    const hear = async () => {
      const from = desk.model.sessions[0]?.received.audio.length ?? 0
      const until = from + 16_000 * 2 * 1.5
      await expect
        .poll(() => desk.model.sessions[0]?.received.audio.length ?? 0, { timeout: 10_000 })
        .toBeGreaterThan(until)
      // Half a second of what was on its way.
      return samplesOf(desk.model.sessions[0]?.received.audio.slice(from + 16_000, until) ?? new Uint8Array())
    }
    await page.waitForTimeout(1000)
    expect(toneDbfs(await hear(), 16_000, 800)).toBeGreaterThan(-30)
    await page.getByRole('button', { name: 'Mute' }).click()
    expect(levelDbfs(await hear())).toBeLessThan(-60)
    await page.getByRole('radio', { name: 'Noisy' }).check()
    const hiss = levelDbfs(await hear())
    expect(hiss).toBeGreaterThan(-60)
    expect(hiss).toBeLessThan(-25)
    await page.getByRole('button', { name: 'Key 5' }).click()
    await page.keyboard.press('#')
    const [callId = ''] = await page.evaluate<string[]>(
      `fetch('/api/calls').then((r) => r.json()).then(({ calls }) => calls.map(({ callId }) => callId))`,
    )
    const keys = () => desk.eventsOf(callId).flatMap((event) => (event.type === 'dtmf' ? [event.digit] : []))
    await expect.poll(keys).toEqual(['5', '#'])
    await page.getByRole('button', { name: 'Hang up' }).click()
    await page.getByText('You hung up.').waitFor()
    expect(visit.troubles).toEqual([])
  })

  it('asks for no microphone, and calls nobody, for who has hung up before it was open', async () => {
    await using desk = await openDesk()
    await using chromium = await openChromium()
    await using visit = await chromium.visit(`${desk.url}/#/phone`)
    const { page } = visit
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    // The sound card, and then the key, wait until they are let go on.
    await page.evaluate(`(() => {
      window.asked = 0
      const later = (of, name) => {
        const before = of[name]
        of[name] = async function (...all) {
          await new Promise((resolve) => { window.goOn = resolve })
          return before.apply(this, all)
        }
        return () => { of[name] = before }
      }
      window.undo = later(AudioWorklet.prototype, 'addModule')
      window.laterKey = () => later(SubtleCrypto.prototype, 'digest')
      const devices = navigator.mediaDevices
      const ask = devices.getUserMedia.bind(devices)
      devices.getUserMedia = async (what) => {
        window.asked++
        return (window.heard = await ask(what))
      }
    })()`)
    const call = page.getByRole('button', { name: 'Call', exact: true })
    const hangUp = page.getByRole('button', { name: 'Hang up' })
    await call.click()
    await expect.poll(() => page.evaluate('typeof goOn')).toBe('function')
    await hangUp.click()
    await page.evaluate('goOn(), undo()')
    await page.waitForTimeout(500)
    expect(await page.evaluate('asked')).toBe(0)

    await page.evaluate('goOn = undefined, laterKey(), 0')
    await call.click()
    await expect.poll(() => page.evaluate('typeof goOn')).toBe('function')
    await hangUp.click()
    await page.evaluate('goOn()')
    await expect.poll(() => page.evaluate('heard.getTracks().map(({ readyState }) => readyState)')).toEqual(['ended'])
    await call.waitFor()
    expect(asked.filter((url) => url.includes('/api/phone'))).toEqual([])
    expect(visit.troubles).toEqual([])
  })
})

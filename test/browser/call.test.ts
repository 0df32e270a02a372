import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toneDbfs } from '../../src/audio/tone.ts'
import { readWav } from '../../src/audio/wav.ts'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'
import { bookingEnv, bookingScript, talk, words } from './talks.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

const scope = new AsyncDisposableStack()
let chromium: Chromium
let callUrl: string
beforeAll(async () => {
  chromium = scope.use(await openChromium())
  const desk = scope.use(await openDesk({ script: bookingScript, env: bookingEnv }))
  const { callSid } = await talk(desk)
  callUrl = `${desk.url}/#/calls/${callSid}`
})
afterAll(() => scope.disposeAsync())

describe('a call that is over', () => {
  it('is read: who said what, what was heard of it and what was cut off, and which tool was used', async () => {
    await using visit = await chromium.visit(callUrl)
    const transcript = visit.page.getByRole('region', { name: 'Transcript' })
    await transcript.getByText(words.asked).waitFor()
    const offer = transcript.getByRole('listitem').filter({ hasText: 'Certainly. For Friday' })
    const unheard = (await offer.locator('del').textContent()) ?? ''
    expect(unheard).toMatch(/by the window\.$/)
    expect(words.offered.endsWith(unheard.trim())).toBe(true)
    const said = await transcript.getByRole('listitem').allTextContents()
    const order = [words.asked, 'Certainly', words.chose, 'transfer_call', words.booked]
    expect(said).toHaveLength(order.length)
    for (const [i, part] of order.entries()) expect(said[i]).toContain(part)
    await visit.picture('call')
    expect(visit.troubles).toEqual([])
  })

  it('is heard: the waveform of both ends is drawn, and playing moves on, from any place', async () => {
    await using visit = await chromium.visit(callUrl)
    const { page } = visit
    const parts: number[] = []
    page.on('response', (response) => {
      if (response.url().includes('/files/')) parts.push(response.status())
    })
    const channels = page.getByRole('region', { name: 'Recording' }).locator('.canvases canvas')
    await channels.nth(1).waitFor({ state: 'attached' })
    for (const channel of await channels.all()) await expect.poll(() => inkOf(channel)).toBeGreaterThan(200)
    const position = page.getByRole('slider', { name: 'Position' })
    expect(await position.inputValue()).toBe('0')
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await expect.poll(() => placeOf(position), { timeout: 5000 }).toBeGreaterThan(800)
    await page.getByRole('button', { name: 'Pause' }).click()
    // The words that are being said are marked while it plays; a click on others goes there.
    const booked = page.getByRole('listitem').filter({ hasText: words.booked })
    await booked.getByRole('button').click()
    await expect.poll(() => placeOf(position)).toBeGreaterThan(4000)
    await page.getByRole('region', { name: 'Recording' }).getByRole('button', { name: 'Play', exact: true }).click()
    await expect.poll(() => booked.getAttribute('aria-current')).toBe('true')
    expect(parts).toContain(206)
    expect(visit.troubles).toEqual([])
  })

  it('shows barge-ins, tools and latencies where they happened', async () => {
    await using visit = await chromium.visit(callUrl)
    const { page } = visit
    const markers = page.getByRole('region', { name: 'Markers' })
    const bargeIn = markers.getByRole('listitem').filter({ hasText: 'Barge-in' })
    await bargeIn.waitFor()
    await markers.getByRole('listitem').filter({ hasText: 'transfer_call' }).waitFor()
    await bargeIn.getByRole('button').click()
    await expect.poll(() => placeOf(page.getByRole('slider', { name: 'Position' }))).toBeGreaterThan(3000)
    // The same on the waveform.
    await expect.poll(() => page.locator('.wave-mark.mark-barge-in').count()).toBe(1)
    const chart = page.getByRole('region', { name: 'Latency per turn' }).locator('svg').first()
    const box = await chart.boundingBox()
    expect(box?.height).toBeGreaterThan(40)
    expect(await chart.locator('rect, path').count()).toBeGreaterThanOrEqual(2)
    expect(visit.troubles).toEqual([])
  })

  it('has all its events, which are found by kind and by words', async () => {
    await using visit = await chromium.visit(callUrl)
    const { page } = visit
    await page.locator('summary').filter({ hasText: 'Events' }).click()
    const rows = page.getByRole('table', { name: 'Events' }).getByRole('row')
    await rows.nth(10).waitFor()
    await page.getByRole('combobox', { name: 'Type' }).selectOption({ label: 'barge-in (1)' })
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByRole('combobox', { name: 'Type' }).selectOption('')
    await page.getByRole('searchbox', { name: 'Containing' }).fill('half past')
    await expect.poll(() => rows.count()).toBeLessThan(6)
    expect((await rows.allTextContents()).join()).toContain(words.chose)
    expect(visit.troubles).toEqual([])
  })

  it('is taken away as sound: the caller on the left, what was heard of the agent on the right', async () => {
    await using visit = await chromium.visit(callUrl)
    const downloading = visit.page.waitForEvent('download')
    await visit.page.getByRole('region', { name: 'Files' }).getByRole('link', { name: 'Recording' }).click()
    const path = await (await downloading).path()
    const { channels, sampleRate } = readWav(readFileSync(path))
    expect(sampleRate).toBe(8000)
    const [caller = new Int16Array(), agent = new Int16Array()] = channels
    expect(agent.length).toBe(caller.length)
    const during = (samples: Int16Array, fromMs: number, toMs: number) => samples.subarray(fromMs * 8, toMs * 8)
    expect(toneDbfs(during(caller, 200, 900), 8000, 400)).toBeGreaterThan(-20)
    expect(toneDbfs(during(agent, 200, 900), 8000, 700)).toBeLessThan(-50)
    expect(toneDbfs(during(agent, 2000, 3300), 8000, 700)).toBeGreaterThan(-25)
    // Eight seconds were said, two were heard.
    expect(toneDbfs(during(agent, 4300, 5000), 8000, 700)).toBeLessThan(-50)
    expect(visit.troubles).toEqual([])
  })

  it('becomes a test that is green', async () => {
    await using visit = await chromium.visit(callUrl)
    const { page } = visit
    const name = `browser-${process.pid}`
    await page.getByRole('button', { name: 'Save as test' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByRole('button', { name: 'Save' }).click()
    const folder = resolve(root, (await dialog.locator('code').textContent()) ?? '')
    await visit.picture('save-as-test')
    try {
      expect(folder).toContain(name)
      const { stdout } = await run(process.execPath, ['src/cli/replay.ts', folder], { cwd: root })
      expect(stdout).toMatch(/^goes as it went/)
    } finally {
      if (folder.includes(name)) rmSync(folder, { recursive: true, force: true })
    }
    expect(visit.troubles).toEqual([])
  })
})

/** How much is drawn on a canvas, in pixels. */
function inkOf(canvas: Locator): Promise<number> {
  return canvas.evaluate((element) => {
    const { data } = element.getContext('2d').getImageData(0, 0, element.width, element.height)
    let ink = 0
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) ink++
    return ink
  })
}

/** Where a slider stands. */
async function placeOf(slider: Locator): Promise<number> {
  return Number(await slider.inputValue())
}

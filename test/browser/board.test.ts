import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'
import { countBytes, sticksOut, violationsOf } from './page-checks.ts'
import { bookingEnv, bookingScript, talkOver, words } from './talks.ts'

let chromium: Chromium
beforeAll(async () => {
  chromium = await openChromium()
})
afterAll(() => chromium[Symbol.asyncDispose]())

describe('the board', () => {
  it('shows calls as they come, speak and go, without being loaded again', async () => {
    await using desk = await openDesk({ script: bookingScript, env: bookingEnv })
    await using visit = await chromium.visit(desk.url)
    const { page } = visit
    await page.getByText('Nobody is on the line').waitFor()
    await page.evaluate('window.sinceLoaded = true')
    const talking = talkOver(desk, '+14155550177')
    const row = page.getByRole('row').filter({ hasText: '555' })
    await row.waitFor()
    await row.getByText(words.asked).waitFor()
    await row.getByText('Agent', { exact: true }).first().waitFor()
    const call = await talking
    await row.getByText(words.booked).waitFor()
    const text = await row.textContent()
    expect(text).toContain('default')
    expect(text).toMatch(/\d:\d\d/)
    expect(text).toMatch(/\d+\sms|\d\.\d\ss/)
    await visit.picture('board')
    expect(await violationsOf(page)).toEqual([])
    call.hangUp()
    await row.waitFor({ state: 'detached' })
    expect(await page.evaluate('window.sinceLoaded')).toBe(true)
    expect(visit.troubles).toEqual([])
  })

  it('is loaded for the first time with less than 200 kB', async () => {
    await using desk = await openDesk()
    await using visit = await chromium.visit('about:blank')
    const bytes = await countBytes(visit)
    await visit.page.goto(desk.url)
    await visit.page.getByText('Nobody is on the line').waitFor()
    await visit.page.waitForLoadState('load')
    // All that the page fetches by itself has been fetched when the board has its news.
    expect(bytes()).toBeLessThan(200_000)
    expect(bytes()).toBeGreaterThan(5000)
    process.stdout.write(`first load: ${(bytes() / 1000).toFixed(1)} kB on the wire\n`)
    expect(visit.troubles).toEqual([])
  })

  it('fits on a phone', async () => {
    await using desk = await openDesk({ script: bookingScript, env: bookingEnv })
    const talking = talkOver(desk)
    await using visit = await chromium.visit(desk.url, { viewport: { width: 360, height: 740 } })
    await talking
    await visit.page.getByText(words.booked).waitFor()
    expect(await sticksOut(visit.page)).toEqual([])
    await visit.picture('board-phone')
  })
})

import { readFileSync } from 'node:fs'
import type { Download, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'
import type { PastCall } from './past.ts'

const HOUR = 3_600_000
const now = Date.now()

/** A call of a week, three a day. */
function pastCall(index: number): PastCall {
  const isBooking = index % 3 === 0
  return {
    callId: `CA${index.toString(16).padStart(32, '0')}`,
    at: now - (index * 8 + 1) * HOUR,
    from: `+1415555${String(1000 + index)}`,
    agent: isBooking ? 'bookings' : 'front desk',
    reason: index % 7 === 6 ? 'carrier-lost' : 'caller-hung-up',
    asked: isBooking ? 'Do you have a table by the window?' : 'When are you open?',
    answered: isBooking ? 'Yes, at eight.' : 'From noon to ten.',
    latencyMs: 600 + 40 * index,
  }
}

const past = Array.from({ length: 21 }, (_, index) => pastCall(index))
const scope = new AsyncDisposableStack()
let chromium: Chromium
let url: string
beforeAll(async () => {
  chromium = scope.use(await openChromium())
  // Prices of a million tokens.
  const desk = scope.use(await openDesk({ past, env: { MODEL_PRICES: 'qwen=1/10/5/40', PRICE_CURRENCY: 'EUR' } }))
  url = desk.url
})
afterAll(() => scope.disposeAsync())

describe('history', () => {
  it('has all calls, newest first, with what they came to, how quick they were and what they cost', async () => {
    await using visit = await chromium.visit(`${url}/#/history`)
    const { page } = visit
    await expect.poll(() => rowsOf(page).count()).toBe(past.length)
    const [first, ...others] = await rowsOf(page).allTextContents()
    expect(first).toContain('Caller hung up')
    expect(first).toMatch(/0:12/)
    expect(first).toMatch(/600\sms/)
    // 300 words in at 1, 600 of sound at 10, 50 words out at 5, 250 of sound at 40, of a million: 0.01655.
    expect(first).toContain('€0.0166')
    expect(others).toHaveLength(past.length - 1)
    const totals = page.getByRole('region', { name: 'Totals and trends' })
    expect(await totals.textContent()).toMatch(/Calls\s*21/)
    const latency = totals.locator('figure').filter({ hasText: 'Latency' })
    expect(await latency.locator('polyline').count()).toBe(2)
    const [p50 = '', p95 = ''] = await latency
      .locator('polyline')
      .evaluateAll((lines) =>
        lines.map((line: { getAttribute(name: string): string | null }) => line.getAttribute('points') ?? ''),
      )
    expect(p50.split(' ').length).toBeGreaterThanOrEqual(7)
    expect(p95).not.toBe(p50)
    await visit.picture('history')
    expect(visit.troubles).toEqual([])
  })

  it('finds calls by number, by words, by agent and by why they ended, and the address keeps it', async () => {
    await using visit = await chromium.visit(`${url}/#/history`)
    const { page } = visit
    await expect.poll(() => rowsOf(page).count()).toBe(past.length)
    const search = async (fill: () => Promise<unknown>, count: number) => {
      await page.getByRole('search').getByLabel('Words').fill('')
      await fill()
      await page.getByRole('button', { name: 'Search' }).click()
      await expect.poll(() => rowsOf(page).count()).toBe(count)
    }
    const filter = page.getByRole('search')
    await search(() => filter.getByLabel('Number').fill('555 1007'), 1)
    expect(await rowsOf(page).first().textContent()).toMatch(/555.?1007/)
    await filter.getByLabel('Number').fill('')
    await search(() => filter.getByLabel('Words').fill('WINDOW'), 7)
    await page.reload()
    await expect.poll(() => rowsOf(page).count()).toBe(7)
    expect(await filter.getByLabel('Words').inputValue()).toBe('WINDOW')
    await search(() => filter.getByRole('combobox', { name: 'Agent' }).selectOption('bookings'), 7)
    await search(() => filter.getByRole('combobox', { name: 'Ended' }).selectOption('Line lost'), 1)
    await search(() => filter.getByLabel('Words').fill('never said'), 0)
    await page.getByText('No call matches this search.').waitFor()
    await page.goBack()
    await expect.poll(() => rowsOf(page).count()).toBe(1)
    expect(visit.troubles).toEqual([])
  })

  it('is exported as it was searched, for spreadsheets and for programs', async () => {
    await using visit = await chromium.visit(`${url}/#/history?reason=carrier-lost`)
    const { page } = visit
    await expect.poll(() => rowsOf(page).count()).toBe(3)
    const csv = await download(page, 'CSV')
    const [head, ...rows] = csv.trim().split('\r\n')
    expect(head).toContain('callId,openedAt')
    expect(rows).toHaveLength(3)
    const jsonl = await download(page, 'JSONL')
    const calls = jsonl
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(calls.map(({ reason }) => reason)).toEqual(Array(3).fill('carrier-lost'))
    expect(visit.troubles).toEqual([])
  })
})

/** The calls that are listed. */
function rowsOf(page: Page) {
  return page.getByRole('table', { name: 'Calls', exact: true }).locator('tbody').getByRole('row')
}

async function download(page: Page, name: string): Promise<string> {
  const [file]: [Download, unknown] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name, exact: true }).click(),
  ])
  return readFileSync(await file.path(), 'utf8')
}

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'
import { sticksOut, violationsOf } from './page-checks.ts'
import { bookingEnv, bookingScript, talk, talkOver } from './talks.ts'

const OPERATOR_PASSWORD = 'open sesame, please'
const scope = new AsyncDisposableStack()
let chromium: Chromium
let url: string
/** Behind the `#`, and a word that is seen when the view is there. */
let views: Record<string, { readonly hash: string; readonly ready: string }>
beforeAll(async () => {
  chromium = scope.use(await openChromium())
  const env = { ...bookingEnv, OPERATOR_PASSWORD, IDLE_PROMPTS_MAX: '0', IDLE_PROMPT_S: '60' }
  const desk = scope.use(await openDesk({ script: bookingScript, env }))
  const [over, live] = await Promise.all([talk(desk), talkOver(desk, '+442079460018')])
  url = desk.url
  views = {
    board: { hash: '', ready: '.call-row' },
    call: { hash: `calls/${over.callSid}`, ready: '.transcript' },
    'live-call': { hash: `calls/${live.callSid}`, ready: '.transcript' },
    history: { hash: 'history', ready: '.call-row' },
    phone: { hash: 'phone', ready: 'main h1' },
  }
})
afterAll(() => scope.disposeAsync())

const looks = [
  { name: 'light', options: { colorScheme: 'light' } },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'phone', options: { viewport: { width: 360, height: 740 }, hasTouch: true } },
  { name: 'chinese', options: { locale: 'zh-CN' } },
] as const

describe('every view', () => {
  it.each(looks)('can be used by everybody, and fits: $name', async ({ name, options }) => {
    await using visit = await chromium.visit(url, { ...options, expects: [401] })
    const { page } = visit
    const found: Record<string, readonly string[]> = {}
    const check = async (view: string) => {
      const problems = [...(await violationsOf(page)), ...(await sticksOut(page))]
      if (problems.length > 0) found[view] = problems
      await visit.picture(`${view}-${name}`)
    }
    await page.locator('input[type=password]').waitFor()
    await check('sign-in')
    await signIn(page)
    for (const [view, { hash, ready }] of Object.entries(views)) {
      await page.goto(`${url}/#/${hash}`)
      await page.locator(ready).first().waitFor()
      // What is fetched later is drawn too.
      await page.waitForLoadState('load')
      await page.waitForTimeout(300)
      await check(view)
    }
    expect(found).toEqual({})
    expect(visit.troubles).toEqual([])
  })

  it('speaks Chinese when it is asked to, and remembers', async () => {
    await using visit = await chromium.visit(url, { expects: [401] })
    const { page } = visit
    await page.getByRole('button', { name: '中文' }).click()
    await page.getByRole('heading', { name: '登录' }).waitFor()
    await signIn(page)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: '实时' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh')
    expect(await page.getByRole('main').textContent()).not.toMatch(/\b(Caller|Agent|Length|Speaking)\b/)
    expect(visit.troubles).toEqual([])
  })

  it('is walked through with the keyboard alone, and what has the focus is seen', async () => {
    await using visit = await chromium.visit(url, { expects: [401] })
    const { page } = visit
    await page.getByLabel('Password').waitFor()
    // The field is where one begins.
    await page.keyboard.type(OPERATOR_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor()
    await tabTo(page, 'Skip to content')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
    // From the board into the call, by its number.
    await tabTo(page, '7946')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'In the call' }).waitFor()
    await tabTo(page, 'Hang up')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toMatchObject({ name: 'BUTTON Hang up' })
    await tabTo(page, 'History', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'History' }).waitFor()
    await tabTo(page, 'Words')
    await page.keyboard.type('half past eight')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Clear filter' }).waitFor()
    // Into the call that is over: the newer one stands first.
    await tabTo(page, /\d\d:\d\d/)
    await tabTo(page, /\d\d:\d\d/)
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Recording' }).waitFor()
    await tabTo(page, 'BUTTON Play')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('Enter')
    await tabTo(page, 'Position')
    const before = Number(await page.getByRole('slider', { name: 'Position' }).inputValue())
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(async () => Number(await page.getByRole('slider', { name: 'Position' }).inputValue()))
      .toBeGreaterThan(before + 1000)
    await tabTo(page, 'SUMMARY Events')
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Events' }).waitFor()
    await tabTo(page, 'Phone', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Phone' }).waitFor()
    await tabTo(page, 'BUTTON Call')
    expect(visit.troubles).toEqual([])
  })
})

async function signIn(page: Page): Promise<void> {
  await page.locator('input[type=password]').fill(OPERATOR_PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation').waitFor()
}

interface Focused {
  /** Of its element too: `A History`. */
  readonly name: string
  /** It is seen that it has the focus: an outline, or a shadow. */
  readonly marked: boolean
}

function focused(page: Page): Promise<Focused> {
  return page.evaluate(`(() => {
    const e = document.activeElement
    // Between the last and the first of the page the focus is with the browser.
    if (e === document.body) return { name: '', marked: false }
    const name = e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent ?? ''
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(e)
    return { name: e.tagName + ' ' + name.trim(), marked: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' }
  })()`)
}

/** Presses Tab until what is so called has the focus. */
async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 150; presses++) {
    await page.keyboard.press(key)
    const now = await focused(page)
    const isIt = typeof name === 'string' ? now.name.includes(name) : name.test(now.name)
    if (isIt) {
      expect(now).toMatchObject({ marked: true })
      return
    }
    passed.push(now.name.slice(0, 30))
  }
  throw new Error(`the keyboard does not reach ${name}: ${passed.join(' | ')}`)
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, openChromium } from './browser.ts'
import { openDesk } from './house.ts'

const OPERATOR_PASSWORD = 'open sesame, please'

let chromium: Chromium
beforeAll(async () => {
  chromium = await openChromium()
})
afterAll(() => chromium[Symbol.asyncDispose]())

describe('the door of the page', () => {
  it('lets in whoever knows the password, and nobody else, until they sign out', async () => {
    await using desk = await openDesk({ env: { OPERATOR_PASSWORD } })
    await using visit = await chromium.visit(desk.url, { expects: [401] })
    const { page } = visit
    await visit.picture('sign-in')
    await page.getByLabel('Password').fill('open sesame')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('That is not the password.').waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    await page.getByLabel('Password').fill(OPERATOR_PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor()
    // A new window of the same browser is let in; one without the cookie is not.
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor()
    const [cookie] = await visit.context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Password').waitFor()
    expect(await statusOf(visit.page, '/api/calls')).toBe(401)
    expect(visit.troubles).toEqual([])
  })

  it('hangs the telephone up, and lets the microphone go, of whoever signs out or is signed out', async () => {
    await using desk = await openDesk({ env: { OPERATOR_PASSWORD, IDLE_PROMPTS_MAX: '0' } })
    for (const how of ['signs out', 'is signed out'] as const) {
      await using visit = await chromium.visit(`${desk.url}/#/phone`, { expects: [401] })
      const { page, context } = visit
      await page.getByLabel('Password').fill(OPERATOR_PASSWORD)
      await page.keyboard.press('Enter')
      await page.evaluate(`(() => {
        const devices = navigator.mediaDevices
        const ask = devices.getUserMedia.bind(devices)
        devices.getUserMedia = async (what) => (window.heard = await ask(what))
      })()`)
      await page.getByRole('button', { name: 'Call', exact: true }).click()
      await page.getByText('Connected').waitFor()
      if (how === 'is signed out') await context.clearCookies()
      else {
        // It goes on while its operator looks at something else.
        await page.getByRole('link', { name: 'Live', exact: true }).click()
        await page.getByRole('button', { name: 'Sign out' }).click()
      }
      await page.getByLabel('Password').waitFor()
      await expect.poll(() => page.evaluate('heard.getTracks().map(({ readyState }) => readyState)')).toEqual(['ended'])
      expect(visit.troubles).toEqual([])
    }
  })

  it('asks for the password again by itself when the session is over, and leads back to where one was', async () => {
    await using desk = await openDesk({ env: { OPERATOR_PASSWORD } })
    await using visit = await chromium.visit(`${desk.url}/#/history`, { expects: [401] })
    const { page, context } = visit
    await page.getByLabel('Password').fill(OPERATOR_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'History' }).waitFor()
    await page.getByRole('link', { name: 'Live', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor()
    const ended = await context.request.delete(`${desk.url}/api/session`, {
      headers: { 'x-offhook': '1', origin: desk.url },
    })
    expect(ended.status()).toBe(204)
    await page.getByLabel('Password').waitFor()
    await page.getByLabel('Password').fill(OPERATOR_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Live' }).waitFor()
    expect(visit.troubles).toEqual([])
  })

  it('stays shut on a public address without a password, and says what to do', async () => {
    await using desk = await openDesk({
      env: { PUBLIC_URL: 'https://calls.example.com', TWILIO_AUTH_TOKEN: 'a-token-of-nobody' },
    })
    await using visit = await chromium.visit(desk.url, { expects: [403] })
    await visit.page.getByText('OPERATOR_PASSWORD').first().waitFor()
    expect(await visit.page.getByRole('navigation').count()).toBe(0)
    expect(await statusOf(visit.page, '/api/calls')).toBe(403)
    expect(await statusOf(visit.page, '/api/board')).toBe(403)
    expect(visit.troubles).toEqual([])
  })
})

function statusOf(page: { evaluate<T>(script: string): Promise<T> }, path: string): Promise<number> {
  return page.evaluate(`fetch('${path}').then((response) => response.status)`)
}

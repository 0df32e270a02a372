import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Where pictures of what was tested are left. */
const SCREENSHOTS = fileURLToPath(new URL('../../out/screenshots/', import.meta.url))
/** How long a page may take for one step [ms]: a server, a recogniser and a browser share two cores. */
const STEP_MS = 30_000
/** A screen on which all of a view is seen. */
const DESK = { width: 1280, height: 900 }

let visits = 0

/** What is wrong with a page however good it looks: errors on its console, refused resources, broken rules of its policy. */
export interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** In the order in which they came; a status that a test expects is named in `expects`. */
  readonly troubles: readonly string[]
  /** Keeps a picture of the page as it is. */
  picture(name: string): Promise<void>
}

export interface Chromium extends AsyncDisposable {
  /**
   * Opens an address in a window of its own, with cookies of its own.
   * @param expects statuses of answers that are no trouble, such as 401 where a password is wrong.
   */
  visit(url: string, options?: BrowserContextOptions & { readonly expects?: readonly number[] }): Promise<Visit>
}

/**
 * Debian's Chromium without a window.
 * @param microphone a WAV file that its microphone hears once, from when it is opened; default: beeps.
 */
export async function openChromium(microphone?: string): Promise<Chromium> {
  const sound = microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}%noloop`]
  const browser = await chromium.launch({
    executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      ...sound,
    ],
  })
  return {
    visit: (url, { expects = [], ...options } = {}) => visit(browser, url, { expects, ...options }),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

async function visit(
  browser: Browser,
  url: string,
  { expects, ...options }: BrowserContextOptions & { readonly expects: readonly number[] },
): Promise<Visit> {
  const context = await browser.newContext({ viewport: DESK, locale: 'en-GB', ...options })
  context.setDefaultTimeout(STEP_MS)
  const page = await context.newPage()
  const troubles: string[] = []
  const isExpected = (text: string) =>
    expects.some((status) => text.includes(`the server responded with a status of ${status}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message.text())) {
      troubles.push(`console: ${message.text()} (${message.location().url})`)
    }
  })
  page.on('pageerror', (error) => troubles.push(`uncaught: ${error.stack ?? error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400 && !expects.includes(response.status())) {
      troubles.push(`${response.status()} ${response.request().method()} ${response.url()}`)
    }
  })
  // Also what the console would not tell of.
  await page.exposeFunction('policyBroken', (what: string) => troubles.push(`policy: ${what}`))
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (e) => policyBroken(e.violatedDirective + ' ' + e.blockedURI))`,
  )
  await page.goto(url)
  return {
    page,
    context,
    troubles,
    async picture(name) {
      mkdirSync(SCREENSHOTS, { recursive: true })
      await page.screenshot({ path: `${SCREENSHOTS}${name}.png` })
    },
    async [Symbol.asyncDispose]() {
      // What was seen last: of a test that failed it says most.
      mkdirSync(`${SCREENSHOTS}last`, { recursive: true })
      await page.screenshot({ path: `${SCREENSHOTS}last/${process.pid}-${++visits}.png` }).catch(() => {})
      await context.close()
    },
  }
}

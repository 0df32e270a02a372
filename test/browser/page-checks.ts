import axe from 'axe-core'
import type { Page } from 'playwright-core'
import type { Visit } from './browser.ts'

/** What axe-core finds that keeps people from using the page as it is: `rule: selector: why`. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<{ readonly violations: readonly Violation[] }>(
    `axe.run(document, { resultTypes: ['violations'] })`,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What sticks out of the screen to the right: selectors of it; none when nothing has to be scrolled sideways. */
export async function sticksOut(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(`(() => {
    if (document.scrollingElement.scrollWidth <= innerWidth) return []
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    return ['page is ' + document.scrollingElement.scrollWidth + ' px wide', ...wide.map((e) => e.tagName + '.' + e.className)]
  })()`)
}

/** Bytes that came over the wire since this was called, headers too, as the browser counts them. */
export async function countBytes({ context, page }: Visit): Promise<() => number> {
  const wire = await context.newCDPSession(page)
  await wire.send('Network.enable')
  let bytes = 0
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  return () => bytes
}

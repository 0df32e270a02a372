import { openChromium, type Visit } from '../../browser/browser.ts'
import type { Order } from '../load/messages.ts'
import { obey, setup, tell } from '../load/peer.ts'
import { follow } from './follow.ts'

/** Who looks at the board: one Chromium, and so many more that only listen to the news. */
export interface WatcherSetup {
  readonly url: string
  readonly listeners: number
  readonly calls: number
}

/*
 * Operators as a process of its own: a board in Chromium and several bare streams of its news, from `opened` until told
 * to hang up. Fails when the board does not show the calls, or a stream brought nothing.
 */
const { url, listeners, calls } = setup<WatcherSetup>()
const scope = new AsyncDisposableStack()
const ended = new AbortController()
const streams: { readonly messages: () => number }[] = []
let visit: Visit | undefined

async function open(): Promise<void> {
  for (let i = 0; i < listeners; i++) streams.push(await follow(`${url}/api/board`, ended.signal))
  const chromium = scope.use(await openChromium())
  visit = scope.use(await chromium.visit(url))
  await shows()
  tell({ type: 'opened', call: 0 })
}

/** Resolves when the board has a link to each call. */
async function shows(): Promise<void> {
  await visit?.page
    .locator('a[href*="CA"]')
    .nth(calls - 1)
    .waitFor()
}

async function close(): Promise<void> {
  await shows()
  const silent = streams.filter(({ messages }) => messages() < 2).length
  if (silent > 0) throw new Error(`${silent} of ${listeners} streams of the board brought no news`)
  const [trouble] = visit?.troubles ?? []
  if (trouble !== undefined) throw new Error(`the board in Chromium: ${trouble}`)
  ended.abort()
  await scope.disposeAsync()
  tell({ type: 'hung-up' })
}

async function handle(order: Order): Promise<void> {
  if (order.type === 'open') await open()
  else if (order.type === 'hang-up') await close()
}

obey(handle)

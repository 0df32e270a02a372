/** What is needed of an element of a document; a browser's elements have it. */
export interface XmlElement {
  readonly tagName: string
  readonly textContent: string | null
  readonly children: ArrayLike<XmlElement>
  getAttribute(name: string): string | null
}

/** A webhook of the server's: which, and the query that it is to be asked with. */
export interface Question {
  readonly door: 'voice' | 'next'
  /** With its `?`; empty: none. */
  readonly query: string
}

/** What a document tells a phone to do, in order. */
export type Verb =
  | {
      readonly type: 'stream'
      /** What is behind the media door's path: empty, or whose stream it is to be (`/7`). */
      readonly behind: string
      readonly parameters: Readonly<Record<string, string>>
      /** Asked when it is over; absent: the next verb. */
      readonly action?: Question
    }
  | { readonly type: 'dial'; readonly number: string; readonly ringMs: number; readonly action?: Question }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'digits'; readonly digits: string }
  | { readonly type: 'pause'; readonly ms: number }
  | { readonly type: 'redirect'; readonly to: Question }
  | { readonly type: 'hangup' }
  | { readonly type: 'reject'; readonly reason: 'rejected' | 'busy' }
  /** What this phone cannot do; it goes on with the next verb. */
  | { readonly type: 'unknown'; readonly name: string }

/**
 * Reads a TwiML document. Of its URLs only what is behind the host counts: this phone reaches the server where its page
 * came from, by doors of its own.
 * @returns `undefined` when it is none.
 */
export function readTwiml(root: XmlElement | undefined): Verb[] | undefined {
  if (root?.tagName !== 'Response') return undefined
  return Array.from(root.children, verbOf)
}

function verbOf(element: XmlElement): Verb {
  const text = (element.textContent ?? '').trim()
  switch (element.tagName) {
    case 'Connect':
      return connect(element)
    case 'Dial':
      return { type: 'dial', number: text, ringMs: secondsOf(element, 'timeout', 30) * 1000, ...actionOf(element) }
    case 'Say':
      return { type: 'say', text }
    case 'Play': {
      const digits = element.getAttribute('digits')
      return digits === null ? { type: 'unknown', name: 'Play' } : { type: 'digits', digits }
    }
    case 'Pause':
      return { type: 'pause', ms: secondsOf(element, 'length', 1) * 1000 }
    case 'Redirect': {
      const to = questionOf(text)
      return to === undefined ? { type: 'unknown', name: 'Redirect' } : { type: 'redirect', to }
    }
    case 'Hangup':
      return { type: 'hangup' }
    case 'Reject':
      return { type: 'reject', reason: element.getAttribute('reason') === 'busy' ? 'busy' : 'rejected' }
    default:
      return { type: 'unknown', name: element.tagName }
  }
}

function connect(element: XmlElement): Verb {
  const stream = Array.from(element.children).find(({ tagName }) => tagName === 'Stream')
  const path = stream === undefined ? undefined : pathOf(stream.getAttribute('url') ?? '')
  const [, behind] = /\/media(\/\d{1,4})?\/?$/.exec(path ?? '') ?? []
  if (stream === undefined || path === undefined || !/\/media(\/|$)/.test(path))
    return { type: 'unknown', name: 'Connect' }
  const parameters = Array.from(stream.children)
    .filter(({ tagName }) => tagName === 'Parameter')
    .map((parameter) => [parameter.getAttribute('name') ?? '', parameter.getAttribute('value') ?? ''] as const)
  return {
    ...{ type: 'stream', behind: behind ?? '' },
    parameters: Object.fromEntries(parameters),
    ...actionOf(element),
  }
}

function actionOf(element: XmlElement): { readonly action?: Question } {
  const action = questionOf(element.getAttribute('action') ?? '')
  return action === undefined ? {} : { action }
}

function questionOf(url: string): Question | undefined {
  const [, door] = /\/(voice|next)\/?$/.exec(pathOf(url) ?? '') ?? []
  if (door !== 'voice' && door !== 'next') return undefined
  return { door, query: new URL(url).search }
}

function pathOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname : undefined
}

function secondsOf(element: XmlElement, attribute: string, whenAbsent: number): number {
  const value = element.getAttribute(attribute) ?? ''
  return /^\d{1,5}$/.test(value) ? Number(value) : whenAbsent
}

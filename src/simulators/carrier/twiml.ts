import { readXml, type XmlElement } from './xml.ts'

export type HttpMethod = 'GET' | 'POST'

/** Where a verb asks what comes next. Relative URLs are relative to the document's own. */
export interface ActionUrl {
  readonly url: string
  readonly method: HttpMethod
}

/** `<Connect><Stream>`. */
export interface StreamVerb {
  readonly type: 'stream'
  readonly url: string
  readonly name: string | undefined
  readonly track: string
  readonly parameters: Readonly<Record<string, string>>
  readonly statusCallback: ActionUrl | undefined
  readonly action: ActionUrl | undefined
}

export interface DialVerb {
  readonly type: 'dial'
  /** Numbers, SIP addresses or client names to ring; empty when it is a conference or a queue. */
  readonly numbers: readonly string[]
  readonly conference: string | undefined
  readonly timeoutMs: number
  /** Who they see; `undefined`: the caller. */
  readonly callerId: string | undefined
  readonly action: ActionUrl | undefined
}

export interface GatherVerb {
  readonly type: 'gather'
  readonly prompts: readonly Verb[]
  /** Digits after which it is done; Infinity: only `finishOnKey` or the timeout ends it. */
  readonly numDigits: number
  readonly finishOnKey: string
  readonly timeoutMs: number
  readonly action: ActionUrl | undefined
}

/** What a TwiML document tells the carrier to do, in order. */
export type Verb =
  | StreamVerb
  | DialVerb
  | GatherVerb
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'play'; readonly url: string; readonly digits: string }
  | { readonly type: 'pause'; readonly ms: number }
  /** `<Start>` and `<Stop>`: announced, and the call goes on at once. Forked streams and recordings are not simulated. */
  | { readonly type: 'background'; readonly verb: 'Start' | 'Stop'; readonly noun: string }
  | { readonly type: 'enqueue'; readonly queue: string; readonly action: ActionUrl | undefined }
  | { readonly type: 'redirect'; readonly url: string; readonly method: HttpMethod }
  | { readonly type: 'hangup' }
  | { readonly type: 'reject'; readonly reason: 'rejected' | 'busy' }

/** A document as it is carried out. Each warning is a schema violation (12200), in words. */
export interface TwimlDocument {
  readonly verbs: readonly Verb[]
  readonly warnings: readonly string[]
}

/** Attributes that we know of; of an element that is not listed any attribute passes. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  Response: [],
  Connect: ['action', 'method'],
  Stream: [
    ...['url', 'name', 'track', 'statusCallback', 'statusCallbackMethod', 'connectorName'],
    // In the typings of twilio 6.1.2 and later, not documented.
    ...['audioFormat', 'sampleRate'],
  ],
  Parameter: ['name', 'value'],
  Say: ['voice', 'language', 'loop'],
  Play: ['loop', 'digits'],
  Pause: ['length'],
  Redirect: ['method'],
  Dial: [
    ...[
      'action',
      'answerOnBridge',
      'callerId',
      'callReason',
      'events',
      'hangupOnStar',
      'method',
      'passports',
      'record',
    ],
    ...['recordingConfigurationId', 'recordingStatusCallback', 'recordingStatusCallbackEvent'],
    ...['recordingStatusCallbackMethod', 'recordingTrack', 'referMethod', 'referUrl', 'ringTone', 'sequential'],
    ...['timeLimit', 'timeout', 'trim'],
  ],
  Reject: ['reason'],
  Hangup: [],
}
/** Name and value of one `<Parameter>` together must be shorter. */
const PARAMETER_LIMIT = 500

type Warn = (message: string) => void

function checkAttributes(element: XmlElement, warn: Warn): void {
  const known = ATTRIBUTES[element.name]
  if (known === undefined) return
  for (const name of Object.keys(element.attributes)) {
    if (!known.includes(name)) warn(`<${element.name}> has no attribute ${name}`)
  }
}

function methodOf(element: XmlElement, attribute: string, warn: Warn): HttpMethod {
  const value = element.attributes[attribute]?.toUpperCase() ?? 'POST'
  if (value === 'GET' || value === 'POST') return value
  warn(`${attribute} of <${element.name}> must be GET or POST`)
  return 'POST'
}

function urlOf(element: XmlElement, attribute: string, warn: Warn): ActionUrl | undefined {
  const url = element.attributes[attribute]
  if (url === undefined || url === '') return undefined
  return { url, method: methodOf(element, attribute === 'action' ? 'method' : `${attribute}Method`, warn) }
}

function secondsOf(element: XmlElement, attribute: string, whenAbsent: number, warn: Warn): number {
  const value = element.attributes[attribute]
  if (value === undefined) return whenAbsent
  if (/^\d+$/.test(value)) return Number(value)
  warn(`${attribute} of <${element.name}> must be a whole number`)
  return whenAbsent
}

function parametersOf(stream: XmlElement, warn: Warn): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const child of stream.children) {
    const { name = '', value = '' } = child.attributes
    if (child.name !== 'Parameter') warn(`<${child.name}> in <Stream>`)
    else if (name === '') warn('<Parameter> without a name')
    else if (name.length + value.length >= PARAMETER_LIMIT)
      warn(`<Parameter name="${name}"> is ${PARAMETER_LIMIT} or longer`)
    else parameters[name] = value
    checkAttributes(child, warn)
  }
  return parameters
}

function connect(element: XmlElement, warn: Warn): Verb | undefined {
  const [stream, ...more] = element.children.filter((child) => child.name === 'Stream')
  for (const child of element.children) {
    if (child.name !== 'Stream') warn(`<${child.name}> in <Connect> is not simulated`)
  }
  if (stream === undefined) {
    warn('<Connect> without <Stream>')
    return undefined
  }
  if (more.length > 0) warn('<Connect> takes one <Stream>')
  checkAttributes(stream, warn)
  if (stream.attributes['url'] === undefined) warn('<Stream> without url')
  return {
    type: 'stream',
    url: stream.attributes['url'] ?? '',
    name: stream.attributes['name'],
    track: stream.attributes['track'] ?? 'inbound_track',
    parameters: parametersOf(stream, warn),
    statusCallback: urlOf(stream, 'statusCallback', warn),
    action: urlOf(element, 'action', warn),
  }
}

function dial(element: XmlElement, warn: Warn): Verb {
  const nouns = element.children.filter((child) => ['Number', 'Sip', 'Client'].includes(child.name))
  const numbers = nouns.map((noun) => noun.text)
  if (element.text !== '') numbers.push(element.text)
  for (const noun of element.children) checkAttributes(noun, warn)
  return {
    type: 'dial',
    numbers,
    conference: element.children.find((child) => child.name === 'Conference')?.text,
    timeoutMs: secondsOf(element, 'timeout', 30, warn) * 1000,
    callerId: element.attributes['callerId'],
    action: urlOf(element, 'action', warn),
  }
}

function gather(element: XmlElement, warn: Warn): Verb {
  const allowed = element.children.filter((child) => ['Say', 'Play', 'Pause'].includes(child.name))
  if (allowed.length < element.children.length) warn('<Gather> takes only Say, Play and Pause')
  const numDigits = secondsOf(element, 'numDigits', 0, warn)
  return {
    type: 'gather',
    prompts: allowed.map((child) => verbOf(child, warn)).filter((verb) => verb !== undefined),
    numDigits: numDigits === 0 ? Number.POSITIVE_INFINITY : numDigits,
    finishOnKey: element.attributes['finishOnKey'] ?? '#',
    timeoutMs: secondsOf(element, 'timeout', 5, warn) * 1000,
    action: urlOf(element, 'action', warn),
  }
}

function verbOf(element: XmlElement, warn: Warn): Verb | undefined {
  checkAttributes(element, warn)
  const { attributes, text } = element
  switch (element.name) {
    case 'Connect':
      return connect(element, warn)
    case 'Dial':
      return dial(element, warn)
    case 'Gather':
      return gather(element, warn)
    case 'Say':
      return { type: 'say', text }
    case 'Play':
      // `w` is half a second.
      if (!/^[0-9*#w]*$/.test(attributes['digits'] ?? '')) warn('digits of <Play> must be of 0-9, *, # and w')
      return { type: 'play', url: text, digits: attributes['digits'] ?? '' }
    case 'Pause':
      return { type: 'pause', ms: secondsOf(element, 'length', 1, warn) * 1000 }
    case 'Start':
    case 'Stop':
      return { type: 'background', verb: element.name, noun: element.children[0]?.name ?? '' }
    case 'Enqueue':
      return { type: 'enqueue', queue: text, action: urlOf(element, 'action', warn) }
    case 'Redirect':
      return { type: 'redirect', url: text, method: methodOf(element, 'method', warn) }
    case 'Hangup':
      return { type: 'hangup' }
    case 'Reject':
      return { type: 'reject', reason: attributes['reason'] === 'busy' ? 'busy' : 'rejected' }
    default:
      warn(`<${element.name}> is not a verb that is simulated`)
      return undefined
  }
}

/**
 * Reads a TwiML document. What the schema does not know is left out, with a warning.
 * @throws SyntaxError when it is not well-formed XML with a root `<Response>` (error 12100).
 */
export function readTwiml(source: string): TwimlDocument {
  const root = readXml(source)
  if (root.name !== 'Response') throw new SyntaxError('the root element must be <Response>')
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  checkAttributes(root, warn)
  const verbs = root.children.map((child) => verbOf(child, warn)).filter((verb) => verb !== undefined)
  return { verbs, warnings }
}

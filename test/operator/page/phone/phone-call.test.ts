import { describe, expect, it } from 'vitest'
import {
  type Answer,
  type CallStep,
  type CallWorld,
  PhoneCall,
} from '../../../../src/operator/page/phone/phone-call.ts'
import { readTwiml } from '../../../../src/operator/page/phone/twiml.ts'
import { readXml } from '../../../../src/simulators/carrier/xml.ts'
import { asInBrowser } from '../../../carriers/twilio/browser-element.ts'

const read = (body: string) => readTwiml(asInBrowser(readXml(`<Response>${body}</Response>`)))

/** A call whose server answers what a test has written, one answer a question. */
function placeCall(answers: readonly (string | number | Error)[], world: Partial<CallWorld> = {}) {
  const asked: { readonly at: string; readonly form: Readonly<Record<string, string>> }[] = []
  const done: string[] = []
  const steps: CallStep[] = []
  const waiting = [...answers]
  const call = new PhoneCall({
    world: {
      handset: { play() {}, mark() {}, clear() {}, listen() {} },
      async ask({ door, query }, form): Promise<Answer> {
        asked.push({ at: door + query, form })
        const answer = waiting.shift() ?? ''
        if (answer instanceof Error) throw answer
        return typeof answer === 'number' ? { status: answer } : { status: 200, verbs: read(answer) }
      },
      connect: () => {
        throw new Error('no socket here')
      },
      say: async (text) => void done.push(`say ${text}`),
      dial: async (digits) => void done.push(`dial ${digits}`),
      wait: async (ms) => void done.push(`wait ${ms}`),
      line: () => ({ distort: (said) => said, fate: () => 'send' }),
      muted: () => false,
      random: () => 0.5,
      ...world,
    },
    ...{ phoneKey: 'k', callSid: 'CA1', from: 'client:ada', to: '+15550002222' },
    onStep: (step) => void steps.push(step),
  })
  return { asked, call, done, steps }
}

describe('TwiML in the page', () => {
  it('is read as the server writes it; of its URLs only what is behind the host counts', () => {
    const verbs = read(`
      <Connect action="https://voice.example.com/base/twilio/next?stream=1" method="POST">
        <Stream url="wss://voice.example.com/base/twilio/media/7"><Parameter name="token" value="a.b"/></Stream>
      </Connect>
      <Say>Sorry &amp; goodbye.</Say><Play digits="1w#"/><Pause length="2"/><Pause/>
      <Dial action="https://voice.example.com/twilio/next?else=busy" timeout="25"><Number>+15550100</Number></Dial>
      <Dial><Sip>sip:desk@example.com</Sip></Dial>
      <Redirect method="POST">https://voice.example.com/twilio/voice?waited=5</Redirect>
      <Reject reason="busy"/><Reject/><Hangup/><Gather/><Play>https://example.com/a.mp3</Play>
      <Redirect>https://example.com/elsewhere</Redirect><Connect><Stream url="wss://h/other"/></Connect><Connect/>`)
    expect(verbs).toEqual([
      { type: 'stream', behind: '/7', parameters: { token: 'a.b' }, action: { door: 'next', query: '?stream=1' } },
      { type: 'say', text: 'Sorry & goodbye.' },
      { type: 'digits', digits: '1w#' },
      { type: 'pause', ms: 2000 },
      { type: 'pause', ms: 1000 },
      { type: 'dial', number: '+15550100', ringMs: 25_000, action: { door: 'next', query: '?else=busy' } },
      { type: 'dial', number: 'sip:desk@example.com', ringMs: 30_000 },
      { type: 'redirect', to: { door: 'voice', query: '?waited=5' } },
      { type: 'reject', reason: 'busy' },
      { type: 'reject', reason: 'rejected' },
      { type: 'hangup' },
      ...['Gather', 'Play', 'Redirect', 'Connect', 'Connect'].map((name) => ({ type: 'unknown', name })),
    ])
  })

  it('that is none is not taken for any', () => {
    expect(readTwiml(undefined)).toBeUndefined()
    expect(readTwiml(asInBrowser(readXml('<html><Hangup/></html>')))).toBeUndefined()
  })
})

describe("the phone's call", () => {
  it('asks as Twilio asks, and does what it is told in order', async () => {
    const { asked, call, done, steps } = placeCall([
      '<Say>Please hold.</Say><Pause/><Redirect>http://h/twilio/voice?waited=5</Redirect>',
      '<Play digits="12"/>',
    ])
    expect(await call.ended).toEqual({ type: 'hung-up', by: 'server' })
    const form = { PhoneKey: 'k', CallSid: 'CA1', From: 'client:ada', To: '+15550002222' }
    expect(asked).toMatchObject([
      { at: 'voice', form: { ...form, CallStatus: 'ringing' } },
      { at: 'voice?waited=5', form: { ...form, CallStatus: 'in-progress', Waited: '5' } },
    ])
    expect(done).toEqual(['say Please hold.', 'wait 1000', 'dial 12'])
    expect(steps.map(({ type }) => type)).toEqual(['calling', 'words', 'waiting', 'calling', 'digits'])
  })

  it.each(['busy', 'rejected'] as const)('hears that it is %s', async (reason) => {
    const { call } = placeCall([`<Reject reason="${reason}"/><Say>never</Say>`])
    expect(await call.ended).toEqual({ type: 'rejected', reason })
  })

  it.each([
    [401, 'signed-out'],
    [429, 'too-many'],
    [400, 'no-answer'],
    [503, 'unreachable'],
    [new TypeError('failed to fetch'), 'unreachable'],
  ] as const)('says so at once when the server answers %s to it', async (answer, why) => {
    const { asked, call } = placeCall([answer])
    expect(await call.ended).toEqual({ type: 'failed', why })
    expect(asked).toHaveLength(1)
  })

  it('waits for a server that restarts while it is in a call, and not for ever', async () => {
    const gone = new TypeError('failed to fetch')
    const back = placeCall(['<Redirect>http://h/next</Redirect>', gone, 502, '<Hangup/>'])
    expect(await back.call.ended).toEqual({ type: 'hung-up', by: 'server' })
    expect(back.done).toEqual(['wait 500', 'wait 1000'])
    const lost = placeCall(['<Redirect>http://h/next</Redirect>', gone, gone, gone, gone, gone, '<Hangup/>'])
    expect(await lost.call.ended).toEqual({ type: 'failed', why: 'unreachable' })
  })

  it('tells how the human took it whom nobody really dialled; who says nothing did not answer', async () => {
    const dial = '<Dial timeout="25" action="http://h/twilio/next?stream=1"><Number>+15550100</Number></Dial>'
    for (const [how, told] of [
      ['busy', 'busy'],
      [undefined, 'no-answer'],
    ] as const) {
      const { asked, call } = placeCall([dial, '<Hangup/>'], {
        async wait() {
          if (how !== undefined) call.settle(how)
        },
      })
      expect(await call.ended).toEqual({ type: 'hung-up', by: 'server' })
      expect(asked[1]).toMatchObject({ at: 'next?stream=1', form: { DialCallStatus: told } })
      expect(asked[1]?.form['DialCallSid']).toMatch(/^CA[0-9a-f]{32}$/)
    }
  })

  it('tells the server that the caller is gone when no socket can, and does nothing more', async () => {
    const { asked, call, done } = placeCall(['<Say>one</Say><Say>two</Say>'], {
      async say(text) {
        done.push(text)
        call.hangUp()
        call.hangUp()
      },
    })
    expect(await call.ended).toEqual({ type: 'hung-up', by: 'caller' })
    expect(done).toEqual(['one'])
    expect(asked.map(({ at, form }) => [at, form['CallStatus']])).toEqual([
      ['voice', 'ringing'],
      ['next', 'completed'],
    ])
  })

  it('does not go round in circles for ever', async () => {
    const { call } = placeCall(Array.from({ length: 1000 }, () => '<Redirect>http://h/next</Redirect>'))
    expect(await call.ended).toEqual({ type: 'failed', why: 'circles' })
  })
})

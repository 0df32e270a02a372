import { expect, test } from 'vitest'
import { readTwiml } from '../../../src/simulators/carrier/twiml.ts'

const inside = (xml: string) => readTwiml(`<?xml version="1.0" encoding="UTF-8"?>\n<Response>${xml}</Response>`)

test('the carrier reads a stream with its parameters, callbacks, and what comes after it', () => {
  const { verbs, warnings } = inside(`
    <Connect action="https://pub.example.com/next?a=1&amp;b=2" method="POST">
      <Stream url="wss://pub.example.com/media" name="main" statusCallback="https://pub.example.com/s">
        <Parameter name="token" value="a &quot;b&#39;c&#x1F600;"/><!-- one more -->
        <Parameter name='callSid' value='CA1'/>
      </Stream>
    </Connect>
    <Say>Sorry &amp; goodbye</Say><Hangup/>`)
  expect(warnings).toEqual([])
  expect(verbs).toEqual([
    {
      type: 'stream',
      url: 'wss://pub.example.com/media',
      name: 'main',
      track: 'inbound_track',
      parameters: { token: 'a "b\'c😀', callSid: 'CA1' },
      statusCallback: { url: 'https://pub.example.com/s', method: 'POST' },
      action: { url: 'https://pub.example.com/next?a=1&b=2', method: 'POST' },
    },
    { type: 'say', text: 'Sorry & goodbye' },
    { type: 'hangup' },
  ])
})

test('every verb of the subset is read with its defaults', () => {
  const { verbs, warnings } = inside(
    `<Play digits="ww12#"/><Play>https://h/a.wav</Play><Pause/><Pause length="3"/><Redirect method="GET">/x</Redirect>
     <Reject reason="busy"/><Reject/><Dial timeout="20" action="/d"><Number>+1</Number><Number>+2</Number></Dial>
     <Dial>+3</Dial><Dial><Conference>room</Conference></Dial><Enqueue>q</Enqueue>
     <Start><Recording/></Start><Gather numDigits="2" timeout="4"><Say><![CDATA[a < b]]></Say></Gather>`,
  )
  expect(warnings).toEqual([])
  const dial = { type: 'dial', conference: undefined, action: undefined, timeoutMs: 30_000, callerId: undefined }
  expect(verbs).toEqual([
    { type: 'play', url: '', digits: 'ww12#' },
    { type: 'play', url: 'https://h/a.wav', digits: '' },
    { type: 'pause', ms: 1000 },
    { type: 'pause', ms: 3000 },
    { type: 'redirect', url: '/x', method: 'GET' },
    { type: 'reject', reason: 'busy' },
    { type: 'reject', reason: 'rejected' },
    { ...dial, numbers: ['+1', '+2'], timeoutMs: 20_000, action: { url: '/d', method: 'POST' } },
    { ...dial, numbers: ['+3'] },
    { ...dial, numbers: [], conference: 'room' },
    { type: 'enqueue', queue: 'q', action: undefined },
    { type: 'background', verb: 'Start', noun: 'Recording' },
    {
      type: 'gather',
      prompts: [{ type: 'say', text: 'a < b' }],
      numDigits: 2,
      finishOnKey: '#',
      timeoutMs: 4000,
      action: undefined,
    },
  ])
})

test.each([
  ['<Sing/>', 0],
  ['<Say mood="gay">x</Say>', 1],
  ['<Connect><Room/></Connect>', 0],
  ['<Pause length="soon"/>', 1],
  ['<Redirect method="PUT">/x</Redirect>', 1],
  ['<Dial callerID="+15550100">+15550101</Dial>', 1],
  ['<Play digits="1,2"/>', 1],
  ['<Connect><Stream url="wss://h/m" colour="red"/></Connect>', 1],
])('%s is a schema warning, and the call goes on', (xml, verbs) => {
  const document = inside(xml)
  expect(document.warnings).not.toEqual([])
  expect(document.verbs).toHaveLength(verbs)
})

test('a parameter of 500 characters is left out with a warning, one of 499 is not', () => {
  const parameter = (length: number) =>
    inside(
      `<Connect><Stream url="wss://h/m"><Parameter name="n" value="${'v'.repeat(length - 1)}"/></Stream></Connect>`,
    )
  expect(parameter(499).warnings).toEqual([])
  expect(parameter(500).warnings).toHaveLength(1)
  expect(parameter(500).verbs[0]).toMatchObject({ parameters: {} })
})

test.each([
  '',
  'hello',
  '<Response>',
  '<Response></Answer>',
  '<Answer/>',
  '<Response/><Response/>',
  '<Response>a & b</Response>',
  '<Response>&nbsp;</Response>',
  '<Response><Say voice=alice>x</Say></Response>',
  '<Response><Say a="1" a="2">x</Say></Response>',
  '<!DOCTYPE r [<!ENTITY e "e">]><Response>&e;</Response>',
  `${'<a>'.repeat(200)}${'</a>'.repeat(200)}`,
])('%s is not a document', (source) => {
  expect(() => readTwiml(source)).toThrow(SyntaxError)
})

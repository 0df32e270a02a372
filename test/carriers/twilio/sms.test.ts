import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { makeTwilioSms } from '../../../src/carriers/twilio/sms.ts'
import { makeLogRecorder } from '../../fakes/log.ts'

const accountSid = `AC${'0'.repeat(32)}`
const authToken = 'token-of-a-test'
const caller = '+15550100001'

/** Twilio's side: a real server on loopback. */
async function openApi(answer: (response: ServerResponse) => void) {
  const seen: {
    method: string | undefined
    url: string | undefined
    headers: IncomingMessage['headers']
    body: string
  }[] = []
  const asked = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    seen.push({ method, url, headers, body: await text(request) })
    asked.resolve()
    answer(response)
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    seen,
    asked: asked.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function makeSender(baseUrl: string, from = '+15550100002') {
  const { log, records } = makeLogRecorder()
  return { send: makeTwilioSms({ accountSid, authToken, from, baseUrl, log }), records }
}

const never = new AbortController().signal

describe('a text message by Twilio', () => {
  it('is one form-encoded request with the account as its user', async () => {
    await using api = await openApi((response) => response.writeHead(201).end('{"sid":"SM1","status":"queued"}'))
    await makeSender(api.baseUrl).send(caller, 'Tisch für 2 & mehr', never)
    expect(api.seen).toMatchObject([{ method: 'POST', url: `/2010-04-01/Accounts/${accountSid}/Messages.json` }])
    expect(api.seen[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    })
    expect(Object.fromEntries(new URLSearchParams(api.seen[0]?.body))).toEqual({
      To: caller,
      From: '+15550100002',
      Body: 'Tisch für 2 & mehr',
    })
  })

  it('may come from a messaging service', async () => {
    await using api = await openApi((response) => response.writeHead(201).end())
    await makeSender(api.baseUrl, 'MG00000000000000000000000000000000').send(caller, 'hello', never)
    const form = new URLSearchParams(api.seen[0]?.body)
    expect([...form.keys()]).toEqual(['To', 'MessagingServiceSid', 'Body'])
  })

  it.each([
    [400, '{"code":21610,"message":"+15550100001 has unsubscribed","status":400}', 'Twilio: status 400, code 21610'],
    [401, '{"code":20003,"message":"Authenticate","status":401}', 'Twilio: status 401, code 20003'],
    [503, '<html>busy</html>', 'Twilio: status 503, code none'],
    [200, '{}', 'Twilio: status 200, code none'],
  ])('that is answered with %i fails with the code alone', async (status, body, message) => {
    await using api = await openApi((response) => response.writeHead(status).end(body))
    const { send, records } = makeSender(api.baseUrl)
    await expect(send(caller, 'my secret words', never)).rejects.toThrow(new Error(message))
    expect(api.seen).toHaveLength(1)
    expect(records).toMatchObject([{ level: 'warn', fields: { status } }])
    expect(JSON.stringify(records)).not.toMatch(/555010|secret|token-of/)
  })

  it('does not go where a redirect points', async () => {
    await using elsewhere = await openApi((response) => response.writeHead(201).end())
    await using api = await openApi((response) => response.writeHead(307, { location: elsewhere.baseUrl }).end())
    await expect(makeSender(api.baseUrl).send(caller, 'hello', never)).rejects.toThrow('status 307')
    expect(elsewhere.seen).toEqual([])
  })

  it('ends at its deadline', async () => {
    await using api = await openApi(() => {})
    const deadline = new AbortController()
    const sent = makeSender(api.baseUrl).send(caller, 'hello', deadline.signal)
    await api.asked
    deadline.abort(new Error('too late'))
    await expect(sent).rejects.toThrow('too late')
  })

  it('says no more than that nobody is there', async () => {
    const api = await openApi(() => {})
    await api[Symbol.asyncDispose]()
    await expect(makeSender(api.baseUrl).send(caller, 'hello', never)).rejects.toThrow(
      new Error('Twilio: cannot be reached'),
    )
  })

  it.each(['+266696687', '+7378742833', '+2562533', '+8656696', '+86282452253'])(
    'is never sent to %s, which is a withheld number',
    async (number) => {
      await using api = await openApi((response) => response.writeHead(201).end())
      await expect(makeSender(api.baseUrl).send(number, 'hello', never)).rejects.toThrow('withheld')
      expect(api.seen).toEqual([])
    },
  )
})

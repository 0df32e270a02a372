import { describe, expect, it } from 'vitest'
import { json, openDesk, PASSWORD, until } from './desk-rig.ts'

type Desk = Awaited<ReturnType<typeof openDesk>>

describe('an operator with a password', () => {
  it('may mistype it some times; who goes on guessing is turned away for a while, and no guess is written down', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const guess = (password: string, headers = {}) => desk.post('/api/session', { password }, headers)
    for (let i = 0; i < 10; i++) expect((await guess(`guess number ${i}`)).status).toBe(401)
    const refused = await guess(PASSWORD)
    expect([refused.status, JSON.parse(refused.text).error]).toEqual([429, expect.stringContaining('wrong passwords')])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // Somebody else still comes in.
    expect((await guess(PASSWORD, { 'x-forwarded-for': '203.0.113.7' })).status).toBe(200)
    desk.clock.advance(5 * 60_000)
    expect((await guess(PASSWORD)).status).toBe(200)
    expect(JSON.stringify(desk.records)).not.toMatch(/guess number|horse/)
    expect(desk.records.filter(({ message }) => message === 'an operator gave a wrong password')).toHaveLength(10)
  })

  it('is told from others by its address, which only proxies may say', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD, proxies: ['127.0.0.1'] } })
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 11; i++) {
      const headers = { ...json, 'x-forwarded-for': `203.0.113.${i}` }
      const asking = { method: 'POST', headers, body: '{"password":"wrong"}', from: '127.0.0.2' }
      statuses.push((await desk.ask('/api/session', asking)).status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429])
  })

  describe('while many guess from everywhere', () => {
    const wrong = (desk: Desk, i: number, password = 'wrong', headers = {}) =>
      desk.post('/api/session', { password }, { 'x-forwarded-for': `203.0.${i >> 8}.${i & 255}`, ...headers })

    const guess = { method: 'POST', body: '{"password":"wrong"}' }

    async function openBesieged() {
      const desk = await openDesk({ access: { password: PASSWORD } })
      for (let i = 0; i < 30; i++) await desk.signIn()
      const statuses: (number | undefined)[] = []
      for (let i = 0; i < 60; i++) statuses.push((await wrong(desk, i)).status)
      expect(statuses).toEqual(Array(60).fill(401))
      return desk
    }

    it('waits for two seconds, and comes in', async () => {
      await using desk = await openBesieged()
      let status: number | undefined
      const asked = wrong(desk, 100, PASSWORD).then((answer) => {
        status = answer.status
      })
      await until(() => desk.waiting(2000) > 0)
      desk.clock.advance(1999)
      await desk.ask('/api/session')
      expect(status).toBeUndefined()
      desk.clock.advance(1)
      await asked
      expect(status).toBe(200)
    })

    it('is one of twenty who wait, two of one address, and leaves room by going', async () => {
      await using desk = await openBesieged()
      const guesses = Array.from({ length: 20 }, (_, i) => wrong(desk, 100 + (i >> 1)))
      await until(() => desk.waiting(2000) >= 20)
      expect((await wrong(desk, 200, PASSWORD)).status).toBe(429)
      desk.clock.advance(2000)
      expect((await Promise.all(guesses)).map(({ status }) => status)).toEqual(Array(20).fill(401))
      const gone = [0, 1].map(() =>
        desk.send('/api/session', { ...guess, headers: { ...json, 'x-forwarded-for': '192.0.2.1' } }),
      )
      await until(() => desk.waiting(2000) === 2)
      expect((await wrong(desk, 0, PASSWORD, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(429)
      for (const one of gone) one.destroy()
      await until(() => desk.waiting(2000) === 0)
      const asked = wrong(desk, 0, PASSWORD, { 'x-forwarded-for': '192.0.2.1' })
      await until(() => desk.waiting(2000) === 1)
      desk.clock.advance(2000)
      expect((await asked).status).toBe(200)
    })

    it('need not wait in a browser that is known, which has ten tries of its own', async () => {
      await using desk = await openDesk({ access: { password: PASSWORD, secureCookie: true } })
      const [, known = ''] = (await desk.post('/api/session', { password: PASSWORD })).headers['set-cookie'] ?? []
      expect(known).toMatch(
        /^offhook_browser=[\w-]{22}\.[\w-]{43}; Path=\/api\/session; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
      )
      const cookie = known.split(';', 1)[0] ?? ''
      for (let i = 0; i < 61; i++) void wrong(desk, i).catch(() => {})
      await until(() => desk.waiting(2000) > 0)
      for (let i = 0; i < 20; i++) expect((await wrong(desk, 300, PASSWORD, { cookie })).status).toBe(200)
      for (let i = 0; i < 10; i++) expect((await wrong(desk, 300 + i, 'wrong', { cookie })).status).toBe(401)
      expect((await wrong(desk, 400, PASSWORD, { cookie })).status).toBe(429)
      // Another key has signed it, or none.
      await using other = await openBesieged()
      for (const made of [cookie, cookie.replace(/\..*/, '.'), cookie.replace(/\..*/, '')]) {
        const before = other.waiting(2000)
        const asked = wrong(other, 500, PASSWORD, { cookie: made })
        await until(() => other.waiting(2000) > before)
        other.clock.advance(2000)
        expect((await asked).status).toBe(200)
      }
    })
  })

  it('is told in the log, once an hour, when a proxy is not named through which sign-ins come', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD, proxies: ['10.0.0.7'] } })
    const hints = () => desk.records.filter(({ message }) => message.includes('OPERATOR_PROXIES')).length
    await desk.signIn()
    expect(hints()).toBe(0)
    const forwarded = { 'x-forwarded-for': '203.0.113.7' }
    for (let i = 0; i < 3; i++) await desk.post('/api/session', { password: PASSWORD }, forwarded)
    expect(hints()).toBe(1)
    desk.clock.advance(3_600_000)
    await desk.post('/api/session', { password: PASSWORD }, forwarded)
    expect(hints()).toBe(2)
  })
})

import { expect, it, vi } from 'vitest'
import { leave, onLeaving } from '../../../src/operator/page/leaving.ts'

it('lets go of everything when the operator goes, and waits for it, but not for ever', async () => {
  vi.useFakeTimers()
  const done: string[] = []
  const offs = [
    onLeaving(() => {
      done.push('at once')
    }),
    onLeaving(() => {
      throw new Error('no')
    }),
    onLeaving(() => Promise.reject(new Error('no'))),
    onLeaving(async () => {
      await Promise.resolve()
      done.push('later')
    }),
    onLeaving(() => done.push('never')),
  ]
  offs.pop()?.()
  await leave()
  expect(done).toEqual(['at once', 'later'])
  offs.push(onLeaving(() => new Promise(() => {})))
  let gone = false
  const going = leave().then(() => {
    gone = true
  })
  await vi.advanceTimersByTimeAsync(1999)
  expect(gone).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await going
  for (const off of offs) off()
  await leave()
  expect(done).toHaveLength(4)
  vi.useRealTimers()
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlayoutLine } from './playout-line.ts'

const conditions = fc.record({ echoMs: fc.constantFrom(0, 60, 300), phaseMs: fc.integer({ min: 0, max: 19 }) })
const each = [
  { echoMs: 0, phaseMs: 0 },
  { echoMs: 60, phaseMs: 7 },
  { echoMs: 300, phaseMs: 19 },
]

/** Does `what` on lines of several kinds. */
function onEachLine(what: (line: PlayoutLine) => void): void {
  for (const condition of each) what(new PlayoutLine(condition))
}

describe('what the playout says was heard is what the phone has played, to one frame', () => {
  it('while marks come back 300 ms late, through a hold and through a cut', () => {
    const line = new PlayoutLine({ echoMs: 300, phaseMs: 11 })
    line.push('1', 40_000)
    line.wait(1111)
    line.hold()
    line.wait(500)
    line.resume()
    line.wait(333)
    line.interrupt()
    line.push('2', 16_000)
    line.finish()
    line.wait(700)
    line.drain()
    expect(line.heard.at(-1)).toEqual({ itemId: '2', heardMs: 2000, wholly: true })
  })

  it('of several items in one response, each of which is reported when its end was heard', () => {
    onEachLine((line) => {
      line.push('1', 8000)
      line.push('2', 12_001)
      line.push('3', 4000)
      line.finish()
      line.wait(1500)
      line.hold()
      line.wait(100)
      line.resume()
      expect(line.heard).toEqual([{ itemId: '1', heardMs: 1000, wholly: true }])
      line.drain()
      expect(line.heard.map(({ itemId, heardMs }) => [itemId, heardMs])).toEqual([
        ['1', 1000],
        ['2', 12_001 / 8],
        ['3', 500],
      ])
    })
  })

  it('of two responses of which the second waits while the first is heard', () => {
    onEachLine((line) => {
      line.push('1', 16_003)
      line.finish()
      line.push('2', 16_000)
      line.finish()
      line.wait(2500)
      line.hold()
      line.resume()
      line.wait(100)
      const cut = line.playout.unheardMs
      expect(cut).toBeGreaterThan(1300)
      line.interrupt()
      expect(line.heard).toEqual([{ itemId: '1', heardMs: 16_003 / 8, wholly: true }])
    })
  })

  it('when the model pauses in the middle of an item, also when it is held in the pause', () => {
    onEachLine((line) => {
      line.push('1', 4000)
      line.wait(1300)
      line.hold()
      line.wait(50)
      line.push('1', 8000)
      line.wait(200)
      line.resume()
      line.wait(400)
      line.push('1', 1)
      line.wait(1000)
      line.finish()
      line.drain()
      expect(line.heard).toEqual([{ itemId: '1', heardMs: 12_001 / 8, wholly: true }])
    })
  })

  it('of pieces of any number of bytes, of which a frame is made of many', () => {
    onEachLine((line) => {
      for (let i = 0; i < 400; i++) {
        line.push('1', 1 + ((i * 37) % 61))
        line.wait(i % 3)
      }
      line.hold()
      line.resume()
      line.finish()
      line.drain()
    })
  })

  it('of the first piece after a barge-in, when the marks of what was cut are still on their way', () => {
    onEachLine((line) => {
      line.push('1', 2000)
      line.finish()
      line.wait(130)
      line.interrupt()
      line.push('2', 3200)
      line.wait(250)
      line.interrupt()
      line.push('3', 1600)
      line.finish()
      line.drain()
      expect(line.heard.at(-1)).toEqual({ itemId: '3', heardMs: 200, wholly: true })
    })
  })

  it('while the event loop stands still, longer than the carrier has to play', () => {
    onEachLine((line) => {
      line.push('1', 40_000)
      line.wait(400)
      line.stall(150)
      line.wait(200)
      line.stall(900)
      line.wait(200)
      line.hold()
      line.stall(100)
      line.resume()
      line.wait(500)
      line.interrupt()
    })
  })

  it('whatever happens, in whatever order', () => {
    const ms = (max: number) => fc.integer({ min: 1, max })
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), n: ms(20_000) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('push' as const), n: ms(400) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), n: ms(900) }) },
      fc.record({ do: fc.constant('stall' as const), n: ms(600) }),
      { weight: 2, arbitrary: fc.record({ do: fc.constant('item' as const), n: fc.constant(0) }) },
      fc.record({ do: fc.constantFrom('finish' as const, 'interrupt' as const), n: fc.constant(0) }),
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'resume' as const), n: fc.constant(0) }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), conditions, (steps, condition) => {
        const line = new PlayoutLine(condition)
        let item = 1
        for (const { do: what, n } of steps) {
          if (what === 'push') line.push(String(item), n)
          else if (what === 'wait') line.wait(n)
          else if (what === 'stall') line.stall(n)
          else if (what === 'item') item++
          else line[what]()
          if (what === 'finish' || what === 'interrupt') item++
        }
        line.resume()
        line.finish()
        line.drain()
        line.expectTold(40)
      }),
      { numRuns: 150 },
    )
  })
})

it('who listens is told, to the sample, what the phone played, and when, through holds, cuts and gaps', () => {
  onEachLine((line) => {
    line.push('1', 12_345)
    line.wait(500)
    line.hold()
    line.wait(700)
    line.resume()
    line.wait(400)
    line.interrupt()
    line.wait(1000)
    line.push('2', 8000)
    line.finish()
    line.drain()
    line.expectTold(40)
    expect(line.told.length).toBeGreaterThan(10)
  })
})

import { describe, expect, it } from 'vitest'
import { readArgs } from './args.ts'
import { choosePinning } from './pinning.ts'

describe('the command line of the load bench', () => {
  it('is read whole', () => {
    const args =
      '--calls 1,100 --seconds 20 --runs 5 --bridges relay,offhook,offhook:60 --batch-ms 40 --delta-ms 100 --priority=-15'
    expect(readArgs(args.split(' '))).toEqual({
      calls: [1, 100],
      seconds: 20,
      warmupS: 5,
      runs: 5,
      contenders: [
        { name: 'relay', label: 'relay', batchMs: 40 },
        { name: 'offhook', label: 'offhook', batchMs: 40 },
        { name: 'offhook', label: 'offhook:60', batchMs: 60 },
      ],
      deltaMs: 100,
      workers: undefined,
      baseline: undefined,
      priority: -15,
      nodeArgs: [],
    })
  })

  it.each([
    ['--calls 0', '--calls: expected a whole number'],
    ['--bridges other', '--bridges: expected some of'],
    ['--bridges offhook:30', '--bridges: expected one of 20, 40, 60, 100'],
    ['--bridges baseline', '--baseline: expected the folder'],
    ['--delta-ms 25', '--delta-ms: expected one of'],
    ['--priority=20', '--priority: expected a nice value'],
    ['--call 1', "Unknown option '--call'"],
  ])('is refused with what was expected: %s', (args, problem) => {
    expect(() => readArgs(args.split(' '))).toThrow(problem)
  })
})

describe('pinning', () => {
  it('keeps the generators off the cores of the bridge', () => {
    expect(choosePinning(1, 2, true)).toMatchObject({ bridge: '0', bridgeCores: [0], generators: '1' })
    expect(choosePinning(2, 4, true)).toMatchObject({ bridge: '0-1', bridgeCores: [0, 1], generators: '2' })
  })

  it('pins nothing when there are too few cores or no taskset, and says why', () => {
    expect(choosePinning(2, 2, true)).toMatchObject({ bridge: undefined, said: expect.stringContaining('too few') })
    expect(choosePinning(1, 8, false)).toMatchObject({ bridge: undefined, said: expect.stringContaining('taskset') })
  })
})

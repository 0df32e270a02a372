import { expect, it } from 'vitest'
import { growth, type Stock, stockTable } from './stock.ts'

const before: Stock = {
  rssMb: 180,
  heapMb: 29,
  buffersMb: 12,
  sockets: 5,
  timers: 4,
  abortSignals: 6,
  socketObjects: 6,
}

it('a server that holds no more than before, or less, is back at the baseline', () => {
  expect(growth(before, before)).toEqual([])
  expect(growth(before, { ...before, heapMb: 20, sockets: 4 })).toEqual([])
  expect(growth(before, { ...before, heapMb: 32, rssMb: 220, timers: 8 })).toEqual([])
})

it('one socket that is left open is one too many, and so is a kilobyte a call', () => {
  expect(growth(before, { ...before, sockets: 6 })).toEqual(['open sockets: 1 more than before'])
  expect(growth(before, { ...before, heapMb: 29 + 10_000 / 1024 })).toEqual([
    'heap after gc [MB]: 9.8 more than before',
  ])
})

it('the table has a column a reading, and what may grow by how much', () => {
  expect(stockTable([['before', before]]).split('\n')[2]).toMatch(/heap after gc \[MB\] +\| +29 \| +6 \|/)
})

import type { Marker } from '../../api.ts'
import type { IconName } from '../parts/icon.tsx'

/** What can be marked, in the order in which it is offered. */
export const markerKinds: readonly Marker['kind'][] = [
  'turn',
  'barge-in',
  'hold',
  'tool',
  'reconnect',
  'operator',
  'key',
]

/** Each has a sign: colour alone tells nobody anything. */
export const markerIcons: Readonly<Record<Marker['kind'], IconName>> = {
  turn: 'turn',
  'barge-in': 'bargeIn',
  hold: 'hold',
  tool: 'tool',
  reconnect: 'reconnect',
  operator: 'operator',
  key: 'key',
}

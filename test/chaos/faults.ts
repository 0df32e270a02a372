/*
 * Everything that chaos does to calls: one row a fault. How it is done, when it may strike, and what must come of it.
 *
 *   moment   greeting ┃ caller ┃ waiting ┃ agent ┃ silence           of the turn that the plan chose
 *            before   ┃ speaks ┃ for an  ┃speaks ┃ after it          `tool`: while a tool of the answer runs
 *            any sound┃        ┃ answer  ┃       ┃
 */
import type { Fault, FaultNow } from '../../src/simulators/carrier/faults.ts'
import {
  arrearage,
  backendFailed,
  type FaultAction,
  type Faults,
  idleClose,
} from '../../src/simulators/realtime/faults.ts'
import { invalidRequest } from '../../src/simulators/realtime/wire-error.ts'
import type { Slot } from './model.ts'
import type { Phone } from './phone.ts'
import type { World, WorldName } from './world.ts'

/** When a fault strikes. */
export type Moment = 'greeting' | 'caller' | 'waiting' | 'agent' | 'silence' | 'tool'

/**
 * What must come of it.
 *
 * | goes-on    | the caller is answered, whatever they say from then on                          |
 * | taken-over | the same, by the second provider                                                |
 * | unchanged  | the same, by the very session that there was                                    |
 * | renewed    | the same, by another session, which took over in time                           |
 * | dialled    | they are put through to FALLBACK_NUMBER                                         |
 * | apology    | they hear that something went wrong, and the call ends                          |
 * | busy       | they hear that all lines are busy, and the call ends                            |
 */
type Expectation = 'goes-on' | 'taken-over' | 'unchanged' | 'renewed' | 'dialled' | 'apology' | 'busy'

/** Whom a fault strikes. */
interface Scene {
  readonly slot: Slot
  readonly phone: Phone
  /** The turn that the plan chose, from 1. */
  readonly turn: number
}

/** One row. */
export interface ChaosFault {
  readonly name: string
  /** What is struck. */
  readonly kind: 'model' | 'line' | 'process' | 'full'
  /** How the servers are set up. */
  readonly world: WorldName
  /** What is done, for the table's reader. */
  readonly how: string
  readonly expected: Expectation
  /** Empty: it strikes all calls of a batch at once, wherever each of them is. */
  readonly moments: readonly Moment[]
  readonly strike?: (scene: Scene) => void
  /** What the line does all through the call. */
  readonly line?: readonly Fault[]
  /** Strikes the servers. */
  readonly strikeWorld?: (world: World) => Promise<void>
  /** So many times as many calls: it strikes only some of them. */
  readonly times?: number
  /** Else the call was let go of too early. */
  readonly leastStreams?: number
  /** Its calls take long: they are begun first, and `--short` has none of `too-long`. */
  readonly slow?: 'slow' | 'too-long'
  /** The caller hangs up after so many turns, not three, and is silent for so long before each [ms]. */
  readonly turns?: number
  readonly pauseMs?: number
}

const ANY: readonly Moment[] = ['greeting', 'caller', 'waiting', 'agent', 'silence', 'tool']
const BEFORE_ANSWER: readonly Moment[] = ['greeting', 'caller']

/** What is said while nothing is sent is lost on any phone, and no server can answer it: these callers take their time. */
const LOST = { pauseMs: 2500 } as const

const striking =
  (action: FaultAction) =>
  ({ slot }: Scene) =>
    slot.strike(action)

/** The session breaks, and its model's door is shut to the next `times`. */
const shutting =
  (faults: Faults, times?: number) =>
  ({ slot }: Scene) => {
    slot.shut(faults, times)
    slot.session?.strike({ do: 'reset' })
  }

const refusal = (status: number, code: string) => ({ refuseUpgrade: { status, code, message: code } })

const lining =
  (fault: FaultNow) =>
  ({ phone }: Scene) =>
    phone.call.strike(fault)

const close = (code: number, reason = ''): FaultAction => ({ do: 'close', code, reason })

const model = (
  name: string,
  how: string,
  strike: ChaosFault['strike'],
  more: Partial<ChaosFault> = {},
): ChaosFault => ({
  ...{ name: `model: ${name}`, kind: 'model', world: 'main', how, expected: 'goes-on', moments: ANY },
  ...(strike !== undefined && { strike }),
  ...more,
})

const line = (name: string, how: string, fault: FaultNow | undefined, more: Partial<ChaosFault> = {}): ChaosFault => ({
  ...{ name: `line: ${name}`, kind: 'line', world: 'main', how, expected: 'goes-on', moments: ANY },
  ...(fault !== undefined && { strike: lining(fault) }),
  ...more,
})

const whole = (
  name: string,
  world: WorldName,
  how: string,
  more: Partial<ChaosFault> & Pick<ChaosFault, 'strikeWorld'>,
): ChaosFault => ({
  ...{ name: `process: ${name}`, kind: 'process', world, how, expected: 'goes-on', moments: [] },
  ...more,
})

const taken = { expected: 'taken-over' } as const
const unknownVoice = invalidRequest("Voice 'Nobody' is not supported.")
const failed: FaultAction = {
  ...{ do: 'finish', status: 'failed' },
  details: { error: { type: 'server_error', code: 'internal', message: 'The answer failed.' } },
}
const noneActive = invalidRequest('Conversation has none active response')

/** All of them. */
export const faults: readonly ChaosFault[] = [
  model('no fault', 'for comparison', undefined, { expected: 'unchanged' }),
  model('close 1000', 'close frame', striking(close(1000))),
  model('close 1001', 'close frame', striking(close(1001, 'The server is going away.'))),
  model('reset 1006', 'TCP reset', striking({ do: 'reset' })),
  model('idle close 1007', 'close frame with the service’s text', striking(idleClose())),
  model('close 1011', 'close frame', striking(close(1011, 'Response timeout'))),
  model('close reason too long', 'close frame of 200 bytes', striking(close(1011, 'x'.repeat(198)))),
  model(
    'session limit',
    'close 1007 with its text',
    striking(close(1007, 'The session reached its maximum duration.')),
  ),
  model('upgrade 401', 'reset; then 401', shutting(refusal(401, 'InvalidApiKey')), taken),
  model('upgrade 403', 'reset; then 403', shutting(refusal(403, 'AccessDenied')), taken),
  model('upgrade 429', 'reset; then 429', shutting(refusal(429, 'Throttling')), taken),
  model('upgrade 503', 'reset; then 503, twice', shutting(refusal(503, 'ServiceUnavailable'), 2)),
  model('upgrade stalls', 'reset; then no answer, once', shutting({ stallUpgrade: true }, 1)),
  model('gone for good', 'reset; then 503', shutting(refusal(503, 'ServiceUnavailable')), taken),
  model('recoverable error', 'error event, the response dies', striking(backendFailed)),
  model('harmless error', 'error event “none active response”', striking({ do: 'note', error: noneActive }), {
    expected: 'unchanged',
  }),
  model(
    'voice unknown',
    'error event, close 1007',
    striking({ do: 'error', error: unknownVoice, close: { code: 1007, reason: unknownVoice.message } }),
    taken,
  ),
  model('arrears', 'close 1007 with its text', striking(arrearage), taken),
  model('answer fails', 'response.done, failed', striking(failed), { moments: ['agent'] }),
  model(
    'turn passed over',
    'no response to a turn',
    ({ slot, turn }) => slot.shut({ strikes: [{ at: 'turn', turn: turn - 1, do: 'nothing' }] }, 1),
    { moments: ['greeting'] },
  ),
  model('answer breaks off', 'no delta any more, no end', ({ slot }) => slot.mishap('breaks-off'), {
    moments: BEFORE_ANSWER,
  }),
  model('answer without a sound', 'response.created, then nothing', ({ slot }) => slot.mishap('says-nothing'), {
    moments: BEFORE_ANSWER,
  }),
  model('goes silent', 'socket open, no event any more', striking({ do: 'silence' }), {
    moments: ['caller', 'waiting', 'agent', 'tool'],
    slow: 'slow',
  }),
  model('longest session', 'closed after 60 s; QWEN_SESSION_MIN=1', undefined, {
    ...{ world: 'renewal', moments: ['silence'], expected: 'renewed' },
    ...{ turns: 17, pauseMs: 1200, slow: 'too-long' },
  }),
  model('all gone (fallback)', 'reset; then 503', shutting(refusal(503, 'ServiceUnavailable')), {
    ...{ world: 'alone', expected: 'dialled' },
  }),
  model('all gone (no fallback)', 'reset; then 503', shutting(refusal(503, 'ServiceUnavailable')), {
    ...{ world: 'single', expected: 'apology' },
  }),
  line('closes without stop', 'close frame, no stop', { type: 'close' }),
  line('reset', 'TCP connection ends', { type: 'drop' }),
  line('half-open (given up)', 'silent; the carrier goes on after 1 s', {
    ...{ type: 'half-open', giveUpMs: 1000, holdMs: 20_000 },
  }),
  line(
    'half-open (unnoticed)',
    'silent until we close it',
    { type: 'half-open', goesOn: 'when-closed' },
    {
      moments: ['caller', 'silence'],
    },
  ),
  line('start again', 'a second start', { type: 'duplicate-start' }, { moments: ['caller', 'agent', 'silence'] }),
  line('late frames', 'all frames up to 200 ms late', undefined, {
    ...{ moments: ['caller'], line: [{ type: 'jitter', maxMs: 200, stream: 'every' }] },
  }),
  line('bursts', 'nothing for 600 ms, then all at once', { type: 'burst', ms: 600 }),
  line('gap in timestamps', '1.5 s without frames, timestamps jump', { type: 'gap', ms: 1500 }, LOST),
  line('frames lost', '400 ms lost', { type: 'lose', ms: 400 }),
  line('stops in mid-speech', 'no frame for 4 s', { type: 'gap', ms: 4000 }, { ...LOST, moments: ['caller'] }),
  line('breaks again and again', 'every stream ends after 1.5 s', undefined, {
    ...{
      expected: 'apology',
      leastStreams: 4,
      moments: ['greeting'],
      line: [{ type: 'drop', atMs: 1500, stream: 'every' }],
    },
  }),
  whole('kill -9 (sibling)', 'pair', 'SIGKILL; the sibling has the same DATA_DIR', {
    strikeWorld: (world) => world.killFirst(),
  }),
  whole('kill -9 (restart)', 'single', 'SIGKILL; started again at once', {
    strikeWorld: async (world) => {
      await world.killFirst()
      await world.restart()
    },
  }),
  whole('SIGTERM (sibling)', 'pair', 'SIGTERM with DRAIN_S=1', { strikeWorld: (world) => world.terminateFirst() }),
  whole('kill -9 (worker)', 'workers', 'SIGKILL of one of two', {
    times: 2,
    strikeWorld: (world) => world.killWorker(),
  }),
  ...(['say', 'queue', 'dial'] as const).map((plan) => ({
    name: `full: ${plan}`,
    kind: 'full' as const,
    world: `full-${plan}` as const,
    how: `MAX_CALLS=2, OVERFLOW=${plan}`,
    expected: ({ say: 'busy', queue: 'goes-on', dial: 'dialled' } as const)[plan],
    moments: [],
    turns: 1,
  })),
]

/**
 * The thread that owns the connection to the database: nothing of it happens beside the calls.
 *
 * ```
 *   write ─▶ held ── committed ─▶ written           ask ─▶ answered from the database and what is held
 *             ▲  └── disk full, database locked or away ─▶ failing ─▶ 100 ms … 2 s ─┐
 *             └──────────────────────────────────────────────────────────────────────┘
 *   anything worse ends the thread; another one opens the database anew
 * ```
 * One piece of work at a time: a question is answered between two tries to write, and what the archive is asked in many
 * pieces, with what is to be written between them.
 */
import { setTimeout as sleep, setImmediate as soon } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { OpenDatabase } from './database.ts'
import { foldOld } from './folding.ts'
import type {
  Answers,
  ArchiveQuestion,
  Batch,
  FromThread,
  Place,
  Question,
  StoreWorkerData,
  ToThread,
} from './messages.ts'
import { claim, forgetSome, makeBroom, recall } from './queries.ts'
import { answerFrom, type Piece } from './reading.ts'
import { write } from './writing.ts'

const port = parentPort
if (port === null) throw new TypeError('store-worker: expected to run as a worker thread')

const RETRY_MS = 100
const MAX_RETRY_MS = 2000
/** Between two tries to answer while the database is away, or another process holds it. */
const ASK_AGAIN_MS = 30

type Asked<Q extends Question = Question> = Omit<Extract<ToThread, { type: 'ask' }>, 'question'> & {
  readonly question: Q
}

const { place, writer } = workerData as StoreWorkerData
const sweep = makeBroom()
let held: Batch | undefined
let work: Promise<unknown> = Promise.resolve()
let reading: Promise<void> = Promise.resolve()
let ended = false

const database = await opened(place)
if (database !== undefined) {
  port.on('message', (message: ToThread) => take(database, message))
  tell({ type: 'ready' })
  begin(database, RETRY_MS)
}

async function opened(place: Place): Promise<OpenDatabase | undefined> {
  try {
    // Neither brings the other's driver with it.
    if (place.type === 'postgres') return await (await import('./postgres-database.ts')).openPostgres(place.url)
    return (await import('./sqlite-database.ts')).openSqlite(place.directory, place.maxBytes)
  } catch (error) {
    tell({ type: 'refused', reason: error instanceof Error ? error.message : String(error) })
    port?.close()
    return undefined
  }
}

function take(database: OpenDatabase, message: ToThread): void {
  switch (message.type) {
    case 'write':
      held = message.batch
      inTurn(() => writeHeld(database, RETRY_MS))
      return
    case 'ask': {
      const untilMs = performance.now() + message.deadlineMs
      const { question } = message
      if (isOfArchive(question)) reading = reading.then(() => read(database, { ...message, question }, untilMs))
      else inTurn(() => answer(database, { ...message, question }, untilMs))
      return
    }
    case 'end':
      inTurn(async () => {
        ended = true
        held = undefined
        await database[Symbol.asyncDispose]()
        port?.close()
      })
  }
}

function tell(message: FromThread): void {
  port?.postMessage(message)
}

/** What fails in a way that nobody foresaw ends the thread. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const done = work.then(task)
  work = done
  return done
}

/** Does not keep a thread that is to end. */
function later(delayMs: number, task: () => Promise<void>): void {
  sleep(delayMs, undefined, { ref: false }).then(() => inTurn(async () => (ended ? undefined : task())))
}

/** A database that was away when it was opened is looked for, also when nothing is to be written. */
function begin(database: OpenDatabase, retryMs: number, wasAway = false): void {
  inTurn(async () => {
    try {
      await database.prepare()
    } catch (error) {
      if (database.faultOf(error) === 'fatal') throw error
      tell({ type: 'failing', reason: database.reasonOf(error) })
      later(retryMs, async () => begin(database, Math.min(2 * retryMs, MAX_RETRY_MS), true))
      return
    }
    if (wasAway && held === undefined) tell({ type: 'there' })
    catchUp(database, '')
  })
}

function tellUnfolded(calls: number): void {
  if (calls > 0) tell({ type: 'unfolded', calls })
}

/** What a version of before has kept is folded beside everything else. */
function catchUp(database: OpenDatabase, after: string): void {
  const next = async () => {
    try {
      const { last, broken } = await foldOld(database, after)
      tellUnfolded(broken)
      if (last !== undefined) catchUp(database, last)
    } catch (error) {
      if (database.faultOf(error) === 'passing') later(MAX_RETRY_MS, async () => catchUp(database, after))
      else if (database.faultOf(error) === 'fatal') throw error
    }
  }
  soon().then(() => inTurn(async () => (ended ? undefined : next())))
}

async function writeHeld(database: OpenDatabase, retryMs: number): Promise<void> {
  const batch = held
  if (batch === undefined) return
  try {
    await database.prepare()
    tellUnfolded(await database.atOnce((db) => write(db, database.locks, writer, batch)))
  } catch (error) {
    const fault = database.faultOf(error)
    const reason = database.reasonOf(error)
    if (fault === 'fatal') throw error
    if (fault === 'passing') {
      tell({ type: 'failing', reason })
      later(retryMs, () => writeHeld(database, Math.min(2 * retryMs, MAX_RETRY_MS)))
      return
    }
    held = undefined
    tell({ type: 'written', dropped: batch.events.length + batch.records.length, reason })
    return
  }
  held = undefined
  tell({ type: 'written', dropped: 0 })
}

async function answer(database: OpenDatabase, asked: Asked<OfCalls>, untilMs: number): Promise<void> {
  const { id, question } = asked
  try {
    await database.prepare()
    tell({ type: 'answered', id, answer: await answerTo(database, id, question) })
  } catch (error) {
    const again = database.faultOf(error) === 'passing' && performance.now() < untilMs
    if (again) later(ASK_AGAIN_MS, () => answer(database, asked, untilMs))
    else tell({ type: 'unanswered', id, reason: database.reasonOf(error) })
  }
}

type OfCalls = Exclude<Question, ArchiveQuestion>

async function answerTo(database: OpenDatabase, id: number, question: OfCalls): Promise<Answers[OfCalls['type']]> {
  const { db, locks, atOnce } = database
  switch (question.type) {
    case 'recall':
      return recall(db, question.callId, held === undefined ? [question.waiting] : [held, question.waiting])
    case 'claim':
      return atOnce(async (db) => {
        const mine = await claim(db, question, `${writer}-${id}`)
        await sweep(db, question.now)
        return mine
      })
    case 'forget':
      return atOnce((db) => forgetSome(db, locks, question.beforeAt))
    case 'scrub':
      return database.scrub()
  }
}

/** One such question at a time. */
async function read(database: OpenDatabase, { id, question }: Asked<ArchiveQuestion>, untilMs: number): Promise<void> {
  const piece: Piece = async (task) => {
    // Whatever was sent meanwhile comes first.
    await soon()
    if (performance.now() > untilMs || ended) throw new Error('it took too long')
    const done = work.then(async () => {
      await database.prepare()
      return task(database.db)
    })
    // Nothing that is only read is worth a thread.
    work = done.catch(() => {})
    return done
  }
  try {
    const answer = await answerFrom(piece, question, (events) => tell({ type: 'part', id, events }))
    tell({ type: 'answered', id, answer })
  } catch (error) {
    tell({ type: 'unanswered', id, reason: database.reasonOf(error) })
  }
}

function isOfArchive(question: Question): question is ArchiveQuestion {
  return !['recall', 'claim', 'forget', 'scrub'].includes(question.type)
}

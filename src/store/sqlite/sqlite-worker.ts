/**
 * The thread that owns the connection to the database: SQLite blocks whoever uses it, here nobody minds.
 *
 * ```
 *   write ─▶ held ── committed ─▶ written           ask ─▶ answered from the database and what is held
 *             ▲  └── disk full, database locked ─▶ failing ─▶ 100 ms … 2 s ─┐
 *             └────────────────────────────────────────────────────────────┘
 *   anything worse ends the thread; another one opens the database anew
 * ```
 * One piece of work at a time: a question is answered between two tries to write.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf, type OpenDatabase, openDatabase } from './database.ts'
import type { Answers, Batch, FromThread, Question, SqliteWorkerData, ToThread } from './messages.ts'
import { claim, forgetSome, makeBroom, recall, scrub, write } from './queries.ts'

const port = parentPort
if (port === null) throw new TypeError('sqlite-worker: expected to run as a worker thread')

const RETRY_MS = 100
const MAX_RETRY_MS = 2000
/** Between two tries to answer while another process holds the database. */
const ASK_AGAIN_MS = 30

/** Primary result codes of SQLite: BUSY, LOCKED, NOMEM and FULL pass by themselves. */
const passing = new Set([5, 6, 7, 13])
/** ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE: the rows are at fault, and would be again. */
const ours = new Set([1, 18, 19, 20, 21, 25])

type Asked = Extract<ToThread, { type: 'ask' }>

const { directory, writer, maxBytes } = workerData as SqliteWorkerData
const sweep = makeBroom()
let held: Batch | undefined
let work: Promise<void> = Promise.resolve()

const database = opened()
if (database !== undefined) {
  port.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'write':
        held = message.batch
        inTurn(() => writeHeld(database, RETRY_MS))
        return
      case 'ask':
        inTurn(() => answer(database, message, performance.now() + message.deadlineMs))
        return
      case 'end':
        inTurn(async () => {
          held = undefined
          database[Symbol.dispose]()
          port.close()
        })
    }
  })
  tell({ type: 'ready' })
}

function opened(): OpenDatabase | undefined {
  try {
    return openDatabase(directory, maxBytes)
  } catch (error) {
    tell({ type: 'refused', reason: messageOf(error) })
    port?.close()
    return undefined
  }
}

function tell(message: FromThread): void {
  port?.postMessage(message)
}

/** What fails in a way that nobody foresaw ends the thread. */
function inTurn(task: () => Promise<void>): void {
  work = work.then(task)
}

/** Does not keep a thread that is to end. */
function later(delayMs: number, task: () => Promise<void>): void {
  sleep(delayMs, undefined, { ref: false }).then(() => inTurn(task))
}

async function writeHeld(database: OpenDatabase, retryMs: number): Promise<void> {
  const batch = held
  if (batch === undefined) return
  try {
    await database.atOnce(() => write(database.db, writer, batch))
  } catch (error) {
    const code = codeOf(error)
    if (passing.has(code)) {
      tell({ type: 'failing', reason: messageOf(error) })
      later(retryMs, () => writeHeld(database, Math.min(2 * retryMs, MAX_RETRY_MS)))
      return
    }
    if (!ours.has(code)) throw error
    held = undefined
    tell({ type: 'written', dropped: batch.events.length + batch.records.length, reason: messageOf(error) })
    return
  }
  held = undefined
  tell({ type: 'written', dropped: 0 })
}

async function answer(database: OpenDatabase, asked: Asked, untilMs: number): Promise<void> {
  const { id, question } = asked
  try {
    tell({ type: 'answered', id, answer: await answerTo(database, id, question) })
  } catch (error) {
    const again = passing.has(codeOf(error)) && performance.now() < untilMs
    if (again) later(ASK_AGAIN_MS, () => answer(database, asked, untilMs))
    else tell({ type: 'unanswered', id, reason: messageOf(error) })
  }
}

async function answerTo(
  { db, atOnce }: OpenDatabase,
  id: number,
  question: Question,
): Promise<Answers[Question['type']]> {
  switch (question.type) {
    case 'recall':
      return recall(db, question.callId, held === undefined ? [question.waiting] : [held, question.waiting])
    case 'claim': {
      let mine = false
      await atOnce(async () => {
        mine = await claim(db, question, `${writer}-${id}`)
        await sweep(db, question.now)
      })
      return mine
    }
    case 'forget': {
      let count = 0
      await atOnce(async () => {
        count = await forgetSome(db, question.beforeAt)
      })
      return count
    }
    case 'scrub':
      return scrub(db)
  }
}

/** SQLite's primary result code; 0: it was none of its errors. */
function codeOf(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return code & 0xff
}

import express, { Router } from 'express'
import { z } from 'zod'
import type { CallCommand, Supervision } from '../call/supervision.ts'
import type { CommandReply, CommandRequest, SaveTestReply, SaveTestRequest } from './api.ts'
import type { Audit } from './audit.ts'
import { isCallId } from './call-routes.ts'
import { operatorOf } from './guard.ts'
import type { HouseDirectory } from './history-routes.ts'
import { ProblemError } from './problem.ts'
import { readFields } from './queries.ts'
import type { Operator } from './sessions.ts'
import type { Takeovers } from './takeovers.ts'

/** Makes a call a recorded call; throws an Error with a sentence for a human when it cannot. */
export type SaveAsTest = (callId: string, name: string, redact: boolean) => Promise<SaveTestReply>

export interface CommandRoutesOptions {
  readonly supervision: Pick<Supervision, 'command'>
  readonly directory: () => HouseDirectory
  /** `undefined`: nothing is recorded that a test could be made of. */
  readonly saveAsTest: SaveAsTest | undefined
  /** What is not over yet has no test made of it. */
  readonly isLive: (callId: string) => boolean
  readonly audit: Audit
  readonly takeovers: Takeovers
}

const type = [
  z.enum(['hang-up', 'whisper', 'transfer', 'take-over', 'hand-back']),
  'hang-up, whisper, transfer, take-over or hand-back',
] as const
const word = (length: number) => z.string().trim().min(1).max(length)
const commandFields = {
  'hang-up': { type },
  'take-over': { type },
  'hand-back': { type },
  whisper: { type, text: [word(2000), 'what the model is told, at most 2000 characters'] },
  transfer: {
    type,
    destination: [word(200), 'the name of one of TRANSFER_TARGETS'],
  },
} as const

const testFields = {
  name: [
    z
      .string()
      .max(60)
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
    'lower-case words with hyphens, at most 60 characters',
  ],
  redact: [z.boolean(), 'true or false'],
} as const

/** What an operator does to a call. */
export function commandRoutes(options: CommandRoutesOptions): Router {
  const { saveAsTest, audit } = options
  const router = Router()
  const json = express.json({ limit: '16kb' })
  router.param('callId', (_request, _response, next, callId: string) => {
    next(isCallId(callId) ? undefined : new ProblemError(404, 'callId: expected one of a call'))
  })
  router.post('/calls/:callId/commands', json, async ({ params: { callId }, body }, response) => {
    response.json(await obey(options, callId, commandIn(body), operatorOf(response)))
  })
  router.post('/calls/:callId/test', json, async ({ params: { callId }, body }, response) => {
    const { name, redact }: SaveTestRequest = readFields(testFields, body)
    if (saveAsTest === undefined) {
      throw new ProblemError(409, 'No call can be made a test here: FLIGHT_RECORDER is off, or DATA_DIR is none.')
    }
    if (options.isLive(callId)) throw new ProblemError(409, 'The call is not over yet.')
    const reply = await saveAsTest(callId, name, redact).catch((error: unknown) => {
      throw new ProblemError(409, error instanceof Error ? error.message.slice(0, 500) : 'It could not be saved.')
    })
    audit(operatorOf(response), 'save-as-test', { callId, name })
    response.status(201).json(reply)
  })
  return router
}

async function obey(
  { supervision, directory, audit, takeovers }: CommandRoutesOptions,
  callId: string,
  asked: CommandRequest,
  operator: Operator,
): Promise<CommandReply> {
  const command = commandOf(asked, directory())
  const before = takeovers.find(callId)
  const outcome = await supervision.command(callId, command)
  if (outcome === 'done' && asked.type === 'take-over') takeovers.takeOver(callId, operator)
  if (outcome === 'done' && asked.type === 'hand-back' && takeovers.find(callId) === before) takeovers.handBack(callId)
  const isOthers = asked.type === 'hand-back' && before !== undefined && before.seat !== operator.seat
  audit(operator, asked.type, { callId, outcome, ...(isOthers ? { takenOverBy: before.name } : {}) })
  return { outcome }
}

/** Who has got hold of a session must not be able to dial the world on the house's account: the number is ours to know. */
function commandOf(asked: CommandRequest, { transferTargets }: HouseDirectory): CallCommand {
  if (asked.type !== 'transfer') return asked
  const target = transferTargets.find(({ name }) => name === asked.destination)
  if (target !== undefined) return { type: 'transfer', destination: target.name, number: target.number }
  const names = transferTargets.map(({ name }) => name).join(', ')
  const choices = names === '' ? 'nothing: there are no TRANSFER_TARGETS' : `one of ${names}`
  throw new ProblemError(400, `destination: expected ${choices}, got ${JSON.stringify(asked.destination)}`)
}

function commandIn(body: unknown): CommandRequest {
  const named = typeof body === 'object' && body !== null && 'type' in body ? { type: body.type } : {}
  switch (readFields({ type }, named).type) {
    case 'whisper':
      return { ...readFields(commandFields.whisper, body), type: 'whisper' }
    case 'transfer':
      return { ...readFields(commandFields.transfer, body), type: 'transfer' }
    case 'hang-up':
      return { ...readFields(commandFields['hang-up'], body), type: 'hang-up' }
    case 'take-over':
      return { ...readFields(commandFields['take-over'], body), type: 'take-over' }
    case 'hand-back':
      return { ...readFields(commandFields['hand-back'], body), type: 'hand-back' }
  }
}

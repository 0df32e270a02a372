import { type AgentPlan, type AgentPlans, planFor } from '../agents/plan.ts'
import { dateAndTime, fillTemplate, phoneAsData, type Variables } from '../agents/template.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Agent, FindAgent, Greeting } from '../call/agent.ts'
import type { CallInfo } from '../call/info.ts'
import type { Tool } from '../call/tool.ts'
import { makeTwilioSms } from '../carriers/twilio/sms.ts'
import { makeArgumentCheck } from '../tools/check-arguments.ts'
import { endCall } from '../tools/end-call.ts'
import { makeHttpTool } from '../tools/http-tool.ts'
import { openMcpToolset } from '../tools/mcp-toolset.ts'
import { sendDtmf } from '../tools/send-dtmf.ts'
import { makeSendSms } from '../tools/send-sms.ts'
import { makeTransferCall } from '../tools/transfer-call.ts'
import { type ModelSettings, type ModelSurroundings, modelProblems, modelsOf } from './models.ts'
import { Toolsets } from './toolsets.ts'

/** The agents at work. Disposing lets go of the servers of their tools. */
export interface Staff extends AsyncDisposable {
  readonly find: FindAgent
  /** Calls from now on get these agents; live ones keep theirs. */
  replace(plans: AgentPlans): void
  /** The call needs its agent no more. */
  over(callId: string): void
}

/** What agents are put to work with. */
export interface StaffSurroundings {
  readonly settings: ModelSettings
  readonly clock: Clock
  readonly log: Logger
  /** The time of day, for who asks for it in a text. Default: the machine's. */
  readonly now?: () => Date
  /** Default: over the network. */
  readonly openToolset?: typeof openMcpToolset
}

/** How long the model may take to be ready for a call [ms]. */
const CONNECT_MS = 10_000
/** A call that was announced and never came, or never ended, keeps its servers connected so much longer than it may last [ms]. */
const FORGOTTEN_MS = 120_000

/** One plan, built: what all its calls share. */
interface Post {
  readonly plan: AgentPlan
  readonly providers: Agent['providers']
  readonly tools: readonly Tool[]
}

/**
 * Puts plans to work: each provider and tool is made once, each call gets an agent with its texts filled in.
 * @throws RangeError when a plan cannot be kept; `planProblems` says which, and why.
 */
export function makeStaff(plans: AgentPlans, surroundings: StaffSurroundings): Staff {
  const { settings, clock, log, now = () => new Date(), openToolset = openMcpToolset } = surroundings
  const toolsets = new Toolsets((spec) => openToolset(spec, { log, clock }))
  const holds = new CallHolds(toolsets, clock)
  const checkArguments = makeArgumentCheck()
  const takeUp = (next: AgentPlans) => {
    const posts = new Map(allOf(next).map((plan) => [plan, post(plan, { settings, clock, log })]))
    const holder = Symbol('plans')
    for (const { mcpServers } of posts.keys()) toolsets.hold(mcpServers, holder)
    return { plans: next, posts, holder }
  }
  let team = takeUp(plans)
  return {
    find(info) {
      const plan = planFor(team.plans, info.to)
      const { providers, tools } = team.posts.get(plan) ?? post(plan, { settings, clock, log })
      holds.begin(plan, info.callId)
      const all = [...tools, ...toolsets.toolsOf(plan.mcpServers)]
      return { ...agentOf(plan, info, settings, now()), providers, tools: eachNameOnce(all), checkArguments }
    },
    replace(next) {
      const before = team.holder
      team = takeUp(next)
      toolsets.letGo(before)
    },
    over: (callId) => holds.end(callId),
    async [Symbol.asyncDispose]() {
      holds.endAll()
      await toolsets[Symbol.asyncDispose]()
    },
  }
}

/** A server's tools work for as long as the call that was told of them. */
class CallHolds {
  readonly #toolsets: Toolsets
  readonly #clock: Clock
  /** Of each call, oldest first: one that comes back may be found again before its first stream has ended. */
  readonly #ends = new Map<string, (() => void)[]>()

  constructor(toolsets: Toolsets, clock: Clock) {
    this.#toolsets = toolsets
    this.#clock = clock
  }

  begin({ mcpServers, limits }: AgentPlan, callId: string): void {
    if (mcpServers.length === 0) return
    const holder = Symbol(callId)
    const done = new AbortController()
    const end = () => {
      done.abort()
      this.#toolsets.letGo(holder)
    }
    this.#toolsets.hold(mcpServers, holder)
    const ends = this.#ends.get(callId) ?? []
    this.#ends.set(callId, [...ends, end])
    this.#clock.after(limits.maxCallS * 1000 + FORGOTTEN_MS, () => this.end(callId), done.signal)
  }

  end(callId: string): void {
    const [oldest, ...rest] = this.#ends.get(callId) ?? []
    if (rest.length > 0) this.#ends.set(callId, rest)
    else this.#ends.delete(callId)
    oldest?.()
  }

  endAll(): void {
    for (const end of [...this.#ends.values()].flat()) end()
    this.#ends.clear()
  }
}

/**
 * What a model, or a tool, will not take of these plans: a line each, with where it was written and whose problem it is.
 * Each problem once.
 */
export function planProblems(plans: AgentPlans, settings: ModelSettings, clock: Clock): readonly string[] {
  const problems = new Map<string, string>()
  for (const plan of allOf(plans)) {
    for (const problem of [...modelProblems(plan, { settings, clock, log: undefined }), ...toolProblems(plan)]) {
      // Who inherits a problem has it from the first who has it.
      if (!problems.has(problem)) problems.set(problem, `${plan.where}${problem}`)
    }
  }
  return [...problems.values()]
}

function allOf(plans: AgentPlans): readonly AgentPlan[] {
  return [plans.default, ...plans.numbers.values()]
}

function post(plan: AgentPlan, surroundings: ModelSurroundings): Post {
  const [problem] = toolProblems(plan)
  if (problem !== undefined) throw new RangeError(problem)
  return { plan, providers: modelsOf(plan, surroundings), tools: toolsOf(plan, surroundings.log) }
}

function toolsOf({ tools, transferTargets, sms, httpTools }: AgentPlan, log: Logger | undefined): readonly Tool[] {
  const builtin = { end_call: endCall, send_dtmf: sendDtmf }
  return [
    ...new Set(tools).values().map((name) => builtin[name]),
    ...(Object.keys(transferTargets).length > 0 ? [makeTransferCall(transferTargets)] : []),
    ...(sms !== undefined && log !== undefined ? [makeSendSms(makeTwilioSms({ ...sms, log }))] : []),
    ...httpTools.map((spec) => makeHttpTool(spec)),
  ]
}

function toolProblems(plan: AgentPlan): readonly string[] {
  try {
    const names = toolsOf(plan, undefined).map(({ declaration }) => declaration.name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    return twice === undefined ? [] : [`httpTools: expected names of their own, got ${twice} twice`]
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return [error.message]
  }
}

/** Ours come before a server's: it cannot put its own `transfer_call` in the place of the one that is allowed. */
function eachNameOnce(tools: readonly Tool[]): readonly Tool[] {
  const byName = new Map<string, Tool>()
  for (const tool of tools) if (!byName.has(tool.declaration.name)) byName.set(tool.declaration.name, tool)
  return [...byName.values()]
}

function agentOf(
  plan: AgentPlan,
  info: CallInfo,
  { leadMs }: ModelSettings,
  now: Date,
): Omit<Agent, 'providers' | 'tools' | 'checkArguments'> {
  const { limits, turns, bargeIn, filler, hold } = plan
  const maxCallMs = limits.maxCallS * 1000
  const warnMs = limits.maxCallWarnS * 1000
  const values: Variables = {
    caller: phoneAsData(info.from),
    called: phoneAsData(info.to),
    callId: phoneAsData(info.callId),
    ...dateAndTime(now, plan.timeZone),
  }
  return {
    ...{ name: plan.name, recording: plan.recording, flightRecorder: plan.flightRecorder },
    instructions: fillTemplate(plan.instructions, values),
    greeting: greetingOf(plan, values),
    bargeIn: { ...bargeIn, turnSilenceMs: turns.silenceMs },
    manners: {
      idlePromptMs: limits.idlePromptS * 1000,
      idlePromptsMax: limits.idlePromptsMax,
      maxCallMs,
      // A call shorter than its own warning has none.
      warnMs: warnMs < maxCallMs ? warnMs : 0,
      fillerAfterMs: limits.fillerAfterMs,
      filler,
      hold,
    },
    connectMs: CONNECT_MS,
    leadMs,
  }
}

function greetingOf({ greeting }: AgentPlan, values: Variables): Greeting | undefined {
  switch (greeting.type) {
    case 'none':
      return undefined
    case 'own-words':
      return { type: 'instruction', text: 'Greet the caller in one short sentence and ask how you can help.' }
    case 'words':
      return { type: 'instruction', text: `Say exactly: ${fillTemplate(greeting.text, values)}` }
    case 'sound':
      return { type: 'sound', sound: greeting.sound, words: fillTemplate(greeting.words, values) }
  }
}

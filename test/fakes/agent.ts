import type { Agent, Manners } from '../../src/call/agent.ts'
import type { CallInfo } from '../../src/call/info.ts'
import type { RealtimeProvider } from '../../src/call/provider.ts'

export const plainManners: Manners = {
  idlePromptMs: 0,
  idlePromptsMax: 2,
  maxCallMs: 600_000,
  warnMs: 0,
  fillerAfterMs: 0,
  filler: new Int16Array(0),
  hold: new Int16Array(0),
}

/** An agent that waits for its caller, with everything switched off that makes it speak by itself. */
export function plainAgent(provider: RealtimeProvider, changes: Partial<Agent> = {}): Agent {
  return {
    name: 'default',
    providers: [provider],
    instructions: 'Be kind.',
    greeting: undefined,
    tools: [],
    checkArguments: () => undefined,
    bargeIn: { by: 'model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 },
    manners: plainManners,
    connectMs: 5000,
    leadMs: 300,
    recording: false,
    flightRecorder: false,
    ...changes,
  }
}

export function infoOf(callId: string): CallInfo {
  return { callId, from: '+15550001', to: '+15550002' }
}

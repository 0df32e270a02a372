import type { AgentDraft } from '../../src/agents/plan.ts'
import { readConfig } from '../../src/config.ts'

/** The agent of an environment. */
export function draftOf(env: Readonly<Record<string, string>> = {}): AgentDraft {
  return readConfig(env).agent
}

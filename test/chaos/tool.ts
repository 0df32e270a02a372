import { z } from 'zod'
import { openMcpServer, serverWith } from '../tools/mcp-server.ts'
import type { ChaosModels } from './model.ts'
import { nap } from './server-process.ts'

/** How long the tool takes [ms]: time enough for a strike. */
const TOOL_MS = 1200

/** A tool that takes its time, and is known to run by the slot of the call that asked for it. */
export async function startTool(models: ChaosModels): Promise<AsyncDisposable & { readonly url: string }> {
  const lookUp = async ({ slot: index }: { slot: number }) => {
    const slot = models.slot(index)
    if (slot !== undefined) slot.tools.running += 1
    await nap(TOOL_MS)
    if (slot !== undefined) slot.tools.running -= 1
    return { content: [{ type: 'text' as const, text: 'The table is free.' }] }
  }
  return await openMcpServer(
    serverWith((server) => {
      server.registerTool('look_up', { description: 'Looks something up.', inputSchema: { slot: z.number() } }, lookUp)
    }),
  )
}

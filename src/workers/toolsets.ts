import type { Tool } from '../call/tool.ts'
import type { McpServerSpec, McpToolset } from '../tools/mcp-toolset.ts'

/** Who needs a server: the plans that are in force, or one call. */
type Holder = symbol

/**
 * Connections to MCP servers, one a server, shared by all who need it, and released when the last of them lets go.
 *
 * ```
 *   plans ────────────────┤ replaced
 *      call ────────────────────┤ over
 *   connected ──────────────────┤ released
 * ```
 */
export class Toolsets implements AsyncDisposable {
  readonly #open: (spec: McpServerSpec) => McpToolset
  readonly #sets = new Map<string, { readonly set: McpToolset; readonly holders: Set<Holder> }>()
  readonly #closing = new Set<Promise<void>>()
  #over = false

  constructor(open: (spec: McpServerSpec) => McpToolset) {
    this.#open = open
  }

  /** Keeps the servers connected for `holder`, until it lets go. Nothing is connected once all was released. */
  hold(specs: readonly McpServerSpec[], holder: Holder): void {
    if (this.#over) return
    for (const spec of specs) {
      const key = JSON.stringify(spec)
      const known = this.#sets.get(key) ?? { set: this.#open(spec), holders: new Set() }
      known.holders.add(holder)
      this.#sets.set(key, known)
    }
  }

  /** Harmless for who holds nothing. */
  letGo(holder: Holder): void {
    for (const [key, { set, holders }] of this.#sets) {
      if (!holders.delete(holder) || holders.size > 0) continue
      this.#sets.delete(key)
      this.#close(set)
    }
  }

  /** What these servers offer by now, in their order. */
  toolsOf(specs: readonly McpServerSpec[]): readonly Tool[] {
    return specs.flatMap((spec) => this.#sets.get(JSON.stringify(spec))?.set.tools ?? [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true
    for (const { set } of this.#sets.values()) this.#close(set)
    this.#sets.clear()
    await Promise.all(this.#closing)
  }

  #close(set: McpToolset): void {
    const closed = Promise.resolve(set[Symbol.asyncDispose]()).finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}

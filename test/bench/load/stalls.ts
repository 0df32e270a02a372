/** A stretch in which frames were late: from when the first was sent until the last had arrived [ms]. */
export interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * What lateness looks like in time: a few stalls of the whole process (a collection of garbage), or one long one (no
 * core left).
 *
 * ```
 *   late frames   ├──┤  ├────┤          ├─┤
 *                  ├────┤
 *   stalls        ├──────────┤          ├─┤
 * ```
 */
export function stallsOf(frames: readonly { readonly sentAt: number; readonly ms: number }[], lateMs: number): Stall[] {
  const late = frames.filter(({ ms }) => ms > lateMs).sort((a, b) => a.sentAt - b.sentAt)
  const stalls: { fromMs: number; toMs: number }[] = []
  for (const { sentAt, ms } of late) {
    const last = stalls.at(-1)
    if (last !== undefined && sentAt <= last.toMs) last.toMs = Math.max(last.toMs, sentAt + ms)
    else stalls.push({ fromMs: sentAt, toMs: sentAt + ms })
  }
  return stalls
}

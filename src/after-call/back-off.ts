/** How long to wait between attempts [ms]. */
export interface BackOff {
  readonly firstMs: number
  readonly mostMs: number
}

/** Doubles with each failure, and is up to half of that shorter by chance, so that many do not come back at once. */
export function backOffMs({ firstMs, mostMs }: BackOff, failures: number, random: () => number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(whole * (1 - random() / 2))
}

/** `Retry-After`: seconds or a date; `undefined`: nothing that is understood. @returns [ms] */
export function retryAfterMs(header: string | null | undefined, nowAt: number): number | undefined {
  if (header === null || header === undefined) return undefined
  if (/^\d{1,9}(\.\d+)?$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowAt)
}

/** Whether an answer of this status may be another one later. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

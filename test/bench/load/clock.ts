/** From the clock of `performance`, which begins with the process, to CLOCK_MONOTONIC [ms]. */
const originMs = calibrate()

/** The smallest of a few: the first use of either clock loads code for more than a millisecond in between. */
function calibrate(): number {
  const readings = Array.from({ length: 20 }, () => -performance.now() + Number(process.hrtime.bigint()) / 1e6)
  return Math.min(...readings)
}

/** Time [ms] of CLOCK_MONOTONIC: the same in all processes of the machine, so what one sent another can subtract. */
export function monotonicMs(): number {
  return originMs + performance.now()
}

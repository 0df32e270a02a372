import { writeFileSync } from 'node:fs'

/**
 * Makes src/audio/filters.ts: the two low-passes of a call, by the exchange algorithm of Parks and McClellan (1972). Of
 * all symmetric filters of their length they have the smallest largest error.
 *
 * ```
 *   guess extremal frequencies ─▶ polynomial through them with alternating error ─▶ where is the error larger?
 *        ▲                                                                              │
 *        └────────────── move there, until the largest error no longer grows ◀──────────┘
 * ```
 */
interface Band {
  readonly fromHz: number
  readonly toHz: number
  readonly gain: number
  /** Errors in this band count so many times. */
  readonly weight: number
}

interface Point {
  /** cos of the frequency: a symmetric filter is a polynomial in it. */
  readonly x: number
  /** An end of its band: its error may be the largest without being a peak. */
  readonly edge: boolean
  readonly gain: number
  readonly weight: number
}

interface Fit {
  readonly error: number
  response(x: number): number
}

/** A point each hertz, dense enough that the error between two of them is no news. */
function gridOf(bands: readonly Band[], sampleRate: number): Point[] {
  return bands.flatMap(({ fromHz, toHz, gain, weight }) => {
    const steps = toHz - fromHz
    return Array.from({ length: steps + 1 }, (_, i) => {
      const x = Math.cos((2 * Math.PI * (fromHz + i)) / sampleRate)
      return { x, edge: i === 0 || i === steps, gain, weight }
    })
  })
}

/** Barycentric weights of the nodes, scaled so that their products stay in range. */
function barycentric(xs: readonly number[]): number[] {
  return xs.map((x, i) => 1 / xs.reduce((product, other, j) => (j === i ? product : product * 2 * (x - other)), 1))
}

/** The response through these points whose weighted error alternates, as a function of x, and that error. */
function through(points: readonly Point[]): Fit {
  const all = barycentric(points.map(({ x }) => x))
  const sign = (i: number) => (i % 2 === 0 ? 1 : -1)
  const above = points.reduce((sum, { gain }, i) => sum + (all[i] ?? 0) * gain, 0)
  const below = points.reduce((sum, { weight }, i) => sum + ((all[i] ?? 0) * sign(i)) / weight, 0)
  const error = above / below
  const nodes = points.slice(0, -1).map(({ x, gain, weight }, i) => ({ x, y: gain - (sign(i) * error) / weight }))
  const weights = barycentric(nodes.map(({ x }) => x))
  const response = (x: number) => {
    let numerator = 0
    let denominator = 0
    for (const [i, node] of nodes.entries()) {
      if (x === node.x) return node.y
      const term = (weights[i] ?? 0) / (x - node.x)
      numerator += term * node.y
      denominator += term
    }
    return numerator / denominator
  }
  return { error: Math.abs(error), response }
}

/** The largest errors of alternating sign, `count` of them, in order of frequency. */
function extrema(grid: readonly Point[], errors: readonly number[], count: number): Point[] {
  const found: { point: Point; error: number }[] = []
  for (const [i, point] of grid.entries()) {
    const error = errors[i] ?? 0
    const isPeak = (error - (errors[i - 1] ?? 0)) * (error - (errors[i + 1] ?? 0)) >= 0
    const last = found.at(-1)
    if (last !== undefined && last.error * error > 0) {
      if (Math.abs(error) > Math.abs(last.error)) found[found.length - 1] = { point, error }
    } else if (isPeak || point.edge) found.push({ point, error })
  }
  while (found.length > count) {
    const [first, last] = [found[0], found.at(-1)]
    if (Math.abs(first?.error ?? 0) < Math.abs(last?.error ?? 0)) found.shift()
    else found.pop()
  }
  return found.map(({ point }) => point)
}

/** The best polynomial with `terms` coefficients. */
function exchange(grid: readonly Point[], terms: number): Fit {
  const count = terms + 1
  let points = Array.from({ length: count }, (_, i) => grid[Math.round((i * (grid.length - 1)) / (count - 1))]).filter(
    (point) => point !== undefined,
  )
  for (let round = 0; round < 100; round++) {
    const fit = through(points)
    const errors = grid.map(({ x, gain, weight }) => weight * (gain - fit.response(x)))
    const largest = errors.reduce((max, error) => Math.max(max, Math.abs(error)), 0)
    if (largest - fit.error < 1e-9) return fit
    points = extrema(grid, errors, count)
    if (points.length < count) break
  }
  throw new Error(`no filter of ${terms} terms was found`)
}

/** Taps of a symmetric filter at their distances from the middle, from its response at `length` frequencies. */
function tapsAt(distances: readonly number[], length: number, response: (radians: number) => number): number[] {
  const step = (2 * Math.PI) / length
  return distances.map((distance) => {
    let sum = response(0)
    for (let k = 1; k < length / 2; k++) sum += 2 * response(k * step) * Math.cos(k * step * distance)
    return sum / length
  })
}

const upTo = (count: number, offset: number) => Array.from({ length: count }, (_, n) => n + offset)
const db = (ratio: number) => (20 * Math.log10(ratio)).toFixed(2)

/** 24 -> 8 kHz: 2 * 66 + 1 taps are 2.75 ms of delay; 54 a side would just keep 0.15 dB and -70 dB. */
function decimator() {
  const half = 66
  const weight = 20
  const bands = [
    { fromHz: 0, toHz: 3400, gain: 1, weight: 1 },
    { fromHz: 4000, toHz: 12_000, gain: 0, weight },
  ]
  const { error, response } = exchange(gridOf(bands, 24_000), half + 1)
  const taps = tapsAt(upTo(half + 1, 0), 2 * half + 1, (w) => response(Math.cos(w)))
  return { taps, text: `0 to 3400 Hz within ${db(1 + error)} dB, from 4000 Hz up below ${db(error / weight)} dB` }
}

/**
 * 8 -> 16 kHz: a half-band low-pass is a pure delay (every second output) and the sample midway between two inputs.
 * That one is a filter of even length at 8 kHz, cos(w/2) times a polynomial, which is to be 1 in the telephone band;
 * what it misses there is half ripple and half image.
 */
function interpolator() {
  const half = 22
  const middle = (x: number) => Math.sqrt((1 + x) / 2)
  const grid = gridOf([{ fromHz: 0, toHz: 3400, gain: 1, weight: 1 }], 8000)
  const shaped = grid.map((point) => ({ ...point, gain: 1 / middle(point.x), weight: middle(point.x) }))
  const { error, response } = exchange(shaped, half)
  const taps = tapsAt(upTo(half, 0.5), 2 * half, (w) => response(Math.cos(w)) * Math.cos(w / 2))
  return { taps, text: `images of 0 to 3400 Hz below ${db(error / 2)} dB` }
}

function table(name: string, what: string, { taps, text }: { taps: readonly number[]; text: string }): string {
  process.stdout.write(`${name}: ${text}\n`)
  const rows = taps.map((tap) => `  ${tap.toExponential(12).replace('e+0', '')},`)
  return `/**\n * ${what}\n * ${text[0]?.toUpperCase()}${text.slice(1)}.\n */\nexport const ${name}: readonly number[] = [\n${rows.join('\n')}\n]\n`
}

writeFileSync(
  new URL('../src/audio/filters.ts', import.meta.url),
  `// Made by scripts/make-filters.ts.\n\n${table(
    'halfBandTaps',
    '8 to 16 kHz, the sample midway between two: taps of the 1st, 2nd, … neighbour on either side.',
    interpolator(),
  )}\n${table(
    'decimatorTaps',
    '24 to 8 kHz: the middle tap and its neighbours on one side, the other side being the same.',
    decimator(),
  )}`,
)

/** Where a chart's lines are drawn: at zero, the top, and one or two between; all of them round. */
export function ticksUpTo(max: number): readonly number[] {
  if (!(max > 0) || !Number.isFinite(max)) return [0, 1]
  const rough = max / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const count = Math.ceil(max / step - 1e-9)
  // Whole steps times a power of ten: 0.30000000000000004 is no label.
  return Array.from({ length: count + 1 }, (_, n) => Number((n * step).toPrecision(12)))
}

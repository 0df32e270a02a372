// AssemblyScript, compiled by scripts/make-fir.ts into ../fir-module.ts.

/**
 * `output[n]` = sum over k of `taps[k] * samples[n * stride + k]`, to the nearest of 16 bits, saturated.
 *
 * Samples and taps are f32, outputs i16; `samples`, `taps` and `output` are addresses, `stride` is in samples.
 * `tapCount` and `count` are multiples of four: four outputs at a time share each load of taps, in four sums each.
 */
export function fir(samples: usize, stride: usize, taps: usize, tapCount: usize, output: usize, count: usize): void {
  const step = stride << 2
  const end = tapCount << 2
  for (let last = output + (count << 1); output < last; output += 8) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let x = samples
    for (let k: usize = 0; k < end; k += 16) {
      const tap = v128.load(taps + k)
      a = f32x4.add(a, f32x4.mul(tap, v128.load(x)))
      b = f32x4.add(b, f32x4.mul(tap, v128.load(x + step)))
      c = f32x4.add(c, f32x4.mul(tap, v128.load(x + 2 * step)))
      d = f32x4.add(d, f32x4.mul(tap, v128.load(x + 3 * step)))
      x += 16
    }
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7))
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7))
    const sums = f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7))
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(sums))
    v128.store64_lane(output, i16x8.narrow_i32x4_s(whole, whole), 0)
    samples += 4 * step
  }
}

/** `target[n]` = `source[n]`: i16 to f32, eight at a time; addresses, and a count that is a multiple of eight. */
export function widen(source: usize, target: usize, count: usize): void {
  for (let last = source + (count << 1); source < last; source += 16) {
    const samples = v128.load(source)
    v128.store(target, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(samples)))
    v128.store(target + 16, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(samples)))
    target += 32
  }
}

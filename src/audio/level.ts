/** RMS of the samples relative to full scale [dBFS]; `-Infinity` for none or for digital silence. */
export function levelDbfs(samples: Int16Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return samples.length === 0 ? -Infinity : 10 * Math.log10(sum / samples.length / 32_768 ** 2)
}

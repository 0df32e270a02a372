/**
 * Average spectrum of a line, in the recogniser's own features. Subtracting it takes off what the telephone and a
 * steady noise add to every frame; the model was trained with each utterance's own mean taken off.
 */

/** Coefficients of a frame, and mel bands they are made of (`feat_params.json` of the model). */
const COEFFICIENTS = 13
const BANDS = 20
const LIFTER = 22

const transform = Array.from({ length: COEFFICIENTS }, (_, k) => {
  const lifter = 1 + (LIFTER / 2) * Math.sin((Math.PI * k) / LIFTER)
  const norm = Math.sqrt((k === 0 ? 1 : 2) / BANDS)
  return Array.from({ length: BANDS }, (_, band) => lifter * norm * Math.cos((Math.PI * k * (band + 0.5)) / BANDS))
})

/** Log energies of mel bands, frame by frame. */
export interface MelFrames {
  readonly data: Float32Array
  readonly nfr: number
  readonly nfeat: number
}

/**
 * Cepstral mean of the frames: an orthonormal DCT of the mean band energies, liftered.
 *
 * @throws RangeError unless there are 20 bands.
 */
export function cepstralMean({ data, nfr, nfeat }: MelFrames): number[] {
  if (nfeat !== BANDS) throw new RangeError(`cepstral mean: expected ${BANDS} mel bands, got ${nfeat}`)
  const bands = new Float64Array(BANDS)
  for (let i = 0; i < nfr * BANDS; i++) bands[i % BANDS] = (bands[i % BANDS] ?? 0) + (data[i] ?? 0) / nfr
  return transform.map((row) => row.reduce((sum, weight, band) => sum + weight * (bands[band] ?? 0), 0))
}

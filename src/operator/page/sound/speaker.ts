import { fromLine } from './rate-converter.ts'

/** Fills its argument with the next samples of the line. */
export type Source = (samples: Float32Array) => void

/** Pulls sound of the line, and gives it at the sound card's rate. */
export class Speaker {
  readonly #source: Source
  readonly #converter: ReturnType<typeof fromLine>
  #input = new Float32Array(0)
  #made = new Float32Array(0)
  /** Outputs that the last input made too many: few, since one input makes about six. */
  #rest = new Float32Array(0)

  /** @param rateHz of the sound card. */
  constructor(rateHz: number, source: Source) {
    this.#source = source
    this.#converter = fromLine(rateHz)
  }

  /** Fills `output`. */
  render(output: Float32Array): void {
    const old = Math.min(this.#rest.length, output.length)
    output.set(this.#rest.subarray(0, old))
    this.#rest = this.#rest.slice(old)
    const inputs = this.#converter.inputsFor(output.length - old)
    if (inputs === 0) return
    if (this.#input.length !== inputs) this.#input = new Float32Array(inputs)
    this.#source(this.#input)
    const outputs = this.#converter.outputsOf(inputs)
    if (this.#made.length < outputs) this.#made = new Float32Array(outputs)
    this.#converter.push(this.#input, this.#made)
    output.set(this.#made.subarray(0, output.length - old), old)
    this.#rest = this.#made.slice(output.length - old, outputs)
  }
}

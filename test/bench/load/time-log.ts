/** A growing list of numbers, mostly times [ms], that costs next to nothing to append to. */
export class TimeLog {
  #values: Float64Array
  #length = 0

  constructor(capacity = 1024) {
    this.#values = new Float64Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#length++] = value
  }

  /** A copy of what was pushed, in order. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length)
  }
}

/** So many at once, the others wait their turn, first come first served. Whoever waits is held by its caller's bounds. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Runs `task` when a slot is free; what it throws is thrown. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#take()
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}

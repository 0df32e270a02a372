import type { CallLog } from './messages.ts'
import { TimeLog } from './time-log.ts'

/** Keeps what one end sees of one call. */
export class CallLogger {
  readonly #uplinkAt = new TimeLog(4096)
  readonly #uplinkMs = new TimeLog(4096)
  readonly #answersAt = new TimeLog(16)
  readonly #cutsAt = new TimeLog(16)
  #uplinkTotalMs = 0
  #downlinkMs = 0
  #downlinkMessages = 0

  uplink(atMs: number, soundMs: number): void {
    this.#uplinkTotalMs += soundMs
    this.#uplinkAt.push(atMs)
    this.#uplinkMs.push(this.#uplinkTotalMs)
  }

  downlink(soundMs: number): void {
    this.#downlinkMs += soundMs
    this.#downlinkMessages++
  }

  answer(atMs: number): void {
    this.#answersAt.push(atMs)
  }

  cut(atMs: number): void {
    this.#cutsAt.push(atMs)
  }

  log(): CallLog {
    return {
      uplinkAt: this.#uplinkAt.values(),
      uplinkMs: this.#uplinkMs.values(),
      answersAt: this.#answersAt.values(),
      cutsAt: this.#cutsAt.values(),
      downlinkMs: this.#downlinkMs,
      downlinkMessages: this.#downlinkMessages,
    }
  }
}

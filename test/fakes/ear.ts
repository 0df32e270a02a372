import type { CallerEar } from '../../src/call/ear.ts'

/** An ear that hears what a test says it hears: `says(news)` is told with the caller's next sound. */
export class FakeEar implements CallerEar {
  speaking = false
  speechMs = 0
  silentMs = Infinity
  /** Whether it was asked to be careful, last. */
  careful = false
  /** Sound of the agent's that it was given to compare with [bytes]. */
  playedBytes = 0
  #next: ReturnType<CallerEar['hear']>

  says(news: NonNullable<ReturnType<CallerEar['hear']>>): void {
    this.#next = news
  }

  hear(sound: Uint8Array, played: Uint8Array | undefined, careful: boolean): ReturnType<CallerEar['hear']> {
    this.careful = careful
    this.playedBytes += played?.length ?? 0
    const news = this.#next
    this.#next = undefined
    if (news === 'onset') {
      this.speaking = true
      this.speechMs = 80
      this.silentMs = 0
    } else if (news === 'ended') {
      this.speaking = false
      this.silentMs = 200
    } else if (this.speaking) {
      this.speechMs += sound.length / 8
    } else {
      this.silentMs += sound.length / 8
    }
    return news
  }
}

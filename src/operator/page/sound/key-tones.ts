/** The two tones of each key [Hz] (ITU-T Q.23). */
const ROWS = [697, 770, 852, 941]
const COLUMNS = [1209, 1336, 1477]
const KEYS = ['123', '456', '789', '*0#']
/** So loud is each [of full scale]: well below speech. */
const LEVEL = 0.06

/** Plays a key's tones to whoever pressed it. Nobody else hears them: the far end is told the key. */
export function playKey(context: AudioContext, key: string, ms = 120): void {
  const row = KEYS.findIndex((keys) => keys.includes(key))
  const tones = [ROWS[row], COLUMNS[KEYS[row]?.indexOf(key) ?? -1]]
  const now = context.currentTime
  const end = now + ms / 1000
  const gain = new GainNode(context, { gain: 0 })
  gain.connect(context.destination)
  gain.gain.setTargetAtTime(LEVEL, now, 0.004)
  gain.gain.setTargetAtTime(0, end - 0.02, 0.004)
  for (const frequency of tones) {
    if (frequency === undefined) continue
    const oscillator = new OscillatorNode(context, { frequency })
    oscillator.connect(gain)
    oscillator.start(now)
    oscillator.stop(end)
  }
}

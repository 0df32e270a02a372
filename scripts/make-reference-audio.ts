/*
 * Makes fixtures/audio/reference/*.wav: speech, and what sox's best rate conversion (`rate -v`, no dither) makes of it.
 *
 *   apt-get install sox espeak-ng
 *   apt-get download pocketsphinx-testdata && dpkg -x pocketsphinx-testdata*.deb unpacked
 *   node scripts/make-reference-audio.ts unpacked
 *
 *   uplink      fixtures/audio/<name>.wav, 8 kHz telephone speech   ─sox─▶ <name>-16k.wav
 *   downlink    <name>-24k.wav: a human voice recorded at 16 kHz,
 *               a synthetic one full of sibilants                   ─sox─▶ <name>-8k.wav
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [unpacked] = process.argv.slice(2)
if (unpacked === undefined) throw new TypeError('expected the folder of the unpacked Debian package, got nothing')

const speech = new URL('../fixtures/audio/', import.meta.url).pathname
const references = join(speech, 'reference')
mkdirSync(references, { recursive: true })

function sox(from: string, to: string, sampleRate: number, ...effects: string[]): void {
  // -D: dither would be 5 dB more noise than the rounding that is compared. Both sides round.
  execFileSync('sox', ['-D', from, '-b', '16', to, ...effects, 'rate', '-v', `${sampleRate}`], { stdio: 'inherit' })
}

for (const name of ['this-is-correct', 'in-quale-cartella']) {
  sox(join(speech, `${name}.wav`), join(references, `${name}-16k.wav`), 16_000)
}

const scratch = mkdtempSync(join(tmpdir(), 'offhook-reference-'))
try {
  const synthetic = join(scratch, 'espeak.wav')
  execFileSync('espeak-ng', ['-v', 'en-us', '-s', '190', '-w', synthetic, 'She sells six fresh fish.'])
  const human = join(unpacked, 'usr/share/pocketsphinx/test/data/cards/003.wav')
  for (const [name, from, ...effects] of [
    // The silence at both ends is cut; 3 dB less, because sibilants overshoot when the rate changes.
    ['seven-of-clubs', human, 'trim', '0.1', '1.1', 'gain', '-3'],
    ['six-fresh-fish', synthetic, 'trim', '0', '1.4', 'gain', '-3'],
  ] as const) {
    const source = join(references, `${name}-24k.wav`)
    sox(from, source, 24_000, ...effects)
    sox(source, join(references, `${name}-8k.wav`), 8000)
  }
} finally {
  rmSync(scratch, { recursive: true })
}

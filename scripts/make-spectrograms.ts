/*
 * Draws docs/spectrograms.png: what five ways of converting rates make of a tone that rises through all frequencies.
 *
 *   node scripts/make-spectrograms.ts
 *
 *   row 1   24 kHz down to 8 kHz; the tone rises to 12 kHz. Whatever sounds after it has passed 4 kHz is alias.
 *   row 2   8 kHz up to 16 kHz; the tone rises to 4 kHz. Whatever sounds above 4 kHz is image.
 */
import { writeFileSync } from 'node:fs'
import { inPieces } from '../test/audio/measure.ts'
import { powerSpectrum } from '../test/audio/spectrum.ts'
import {
  type Colour,
  drawText,
  encodePng,
  fillBox,
  makePicture,
  type Picture,
  textWidth,
} from '../test/bench/micro/picture.ts'
import type { Contender } from '../test/bench/micro/resamplers/contender.ts'
import { naive } from '../test/bench/micro/resamplers/naive.ts'
import { ours } from '../test/bench/micro/resamplers/ours.ts'
import { speexQ7 } from '../test/bench/micro/resamplers/speex.ts'
import { waveResamplerPerFrame, waveResamplerWhole } from '../test/bench/micro/resamplers/wave-resampler.ts'

const contenders = [ours, waveResamplerPerFrame, waveResamplerWhole, naive, speexQ7]
const rows = [
  { title: 'Down: 24 to 8 kHz. Above 4 kHz the tone should vanish; what is left is alias', fromHz: 24_000, toHz: 8000 },
  { title: 'Up: 8 to 16 kHz. Only the tone should sound; what lies above 4 kHz is image', fromHz: 8000, toHz: 16_000 },
] as const

const FLOOR_DB = -100
const SWEEP_S = 12
const [PANEL_WIDTH, PANEL_HEIGHT, GAP] = [172, 172, 12]
const [LEFT, TOP, ROW] = [32, 44, 268]
const SHADES = 96
const [INK, FAINT, PAPER] = [SHADES, SHADES + 1, SHADES + 2]

/** Black through violet, red and yellow to white, for -100 to 0 dB. */
const stops: readonly Colour[] = [
  [0, 0, 8],
  [40, 12, 90],
  [130, 30, 110],
  [220, 70, 60],
  [250, 170, 40],
  [255, 255, 220],
]
const shades = Array.from({ length: SHADES }, (_, i): Colour => {
  const at = (i / (SHADES - 1)) * (stops.length - 1)
  const low = Math.min(stops.length - 2, Math.floor(at))
  const mix = (channel: 0 | 1 | 2) => {
    const [from, to] = [stops[low]?.[channel] ?? 0, stops[low + 1]?.[channel] ?? 0]
    return Math.round(from + (to - from) * (at - low))
  }
  return [mix(0), mix(1), mix(2)]
})
const palette: readonly Colour[] = [...shades, [30, 30, 36], [150, 150, 156], [255, 255, 255]]

const shadeOf = (db: number) =>
  Math.max(0, Math.min(SHADES - 1, Math.round(((db - FLOOR_DB) / -FLOOR_DB) * (SHADES - 1))))

/** From 0 Hz to half the rate, at -1 dBFS. */
function sweep(sampleRate: number): Int16Array {
  const length = SWEEP_S * sampleRate
  return Int16Array.from({ length }, (_, i) => Math.round(29_200 * Math.sin((Math.PI * i * i) / (2 * length))))
}

async function convert(contender: Contender, fromHz: number, toHz: number): Promise<Int16Array> {
  const resampling = await contender.open(fromHz, toHz)
  const input = sweep(fromHz)
  return inPieces(input, contender.pieces === 'frames' ? fromHz / 50 : input.length, (piece) => resampling.push(piece))
}

function drawPanel(picture: Picture, x: number, y: number, sound: Int16Array, sampleRate: number): void {
  const size = sampleRate / 15.625
  for (let column = 0; column < PANEL_WIDTH; column++) {
    const at = Math.floor((column / (PANEL_WIDTH - 1)) * (sound.length - size))
    const { power } = powerSpectrum(sound, at, size, sampleRate)
    for (let row = 0; row < PANEL_HEIGHT; row++) {
      const from = Math.floor((row / PANEL_HEIGHT) * power.length)
      const to = Math.max(from + 1, Math.floor(((row + 1) / PANEL_HEIGHT) * power.length))
      // A tone fills 2.6 bins of this window: so its peak shows its level. 0 dB is a full-scale sine.
      const level = 10 * Math.log10((2.6 * Math.max(...power.subarray(from, to)) * 2) / 32_768 ** 2)
      picture.pixels[(y + PANEL_HEIGHT - 1 - row) * picture.width + x + column] = shadeOf(level)
    }
  }
}

function drawAxes(picture: Picture, x: number, y: number, fromHz: number, toHz: number, first: boolean): void {
  for (let quarter = 0; quarter <= 4; quarter++) {
    const tickY = y + PANEL_HEIGHT - 1 - Math.round((quarter / 4) * (PANEL_HEIGHT - 1))
    fillBox(picture, x - 4, tickY, 4, 1, FAINT)
    const level = `${(toHz / 8000) * quarter}`
    if (first) drawText(picture, x - 8 - textWidth(level), tickY - 3, level, INK)
    const tickX = x + Math.round((quarter / 4) * (PANEL_WIDTH - 1))
    fillBox(picture, tickX, y + PANEL_HEIGHT, 1, 4, FAINT)
    const input = `${(fromHz / 8000) * quarter}`
    drawText(
      picture,
      tickX - (quarter === 4 ? textWidth(input) - 1 : textWidth(input) >> 1),
      y + PANEL_HEIGHT + 8,
      input,
      INK,
    )
  }
  if (first) drawText(picture, x - 26, y - 14, 'kHz', INK)
}

function drawScale(picture: Picture, x: number, y: number): void {
  for (let row = 0; row < PANEL_HEIGHT; row++) {
    fillBox(picture, x, y + row, 14, 1, shadeOf((row / (PANEL_HEIGHT - 1)) * FLOOR_DB))
  }
  for (let db = 0; db >= FLOOR_DB; db -= 20) {
    const tickY = y + Math.round((db / FLOOR_DB) * (PANEL_HEIGHT - 1))
    drawText(picture, x + 20, Math.min(tickY - 3, y + PANEL_HEIGHT - 7), `${db}`, INK)
  }
  drawText(picture, x, y - 14, 'dB', INK)
}

const picture = makePicture(LEFT + contenders.length * (PANEL_WIDTH + GAP) + 52, TOP + 2 * ROW - 24, PAPER)
for (const [r, { title, fromHz, toHz }] of rows.entries()) {
  const y = TOP + r * ROW + 14
  drawText(picture, LEFT, y - 46, title, INK, 2)
  for (const [c, contender] of contenders.entries()) {
    const x = LEFT + c * (PANEL_WIDTH + GAP)
    drawText(picture, x, y - 14, contender.name, INK)
    drawPanel(picture, x, y, await convert(contender, fromHz, toHz), toHz)
    drawAxes(picture, x, y, fromHz, toHz, c === 0)
    if (c === 0) drawText(picture, x, y + PANEL_HEIGHT + 22, 'the tone [kHz]', INK)
  }
  drawScale(picture, LEFT + contenders.length * (PANEL_WIDTH + GAP), y)
}
const png = encodePng(picture, palette)
writeFileSync(new URL('../docs/spectrograms.png', import.meta.url), png)
console.log(`docs/spectrograms.png: ${picture.width} x ${picture.height}, ${Math.round(png.length / 1000)} kB`)

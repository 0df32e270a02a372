import { encode } from 'fast-png'

/** A picture of palette colours, drawn from the top left. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

export type Colour = readonly [red: number, green: number, blue: number]

export function makePicture(width: number, height: number, background: number): Picture {
  return { width, height, pixels: new Uint8Array(width * height).fill(background) }
}

export function fillBox(picture: Picture, x: number, y: number, width: number, height: number, colour: number): void {
  for (let row = y; row < y + height; row++) {
    picture.pixels.fill(colour, row * picture.width + x, row * picture.width + x + width)
  }
}

/** How wide a line of text is [pixels]. */
export function textWidth(text: string, scale = 1): number {
  return text.length * 6 * scale
}

/** One line of ASCII in letters of 5 by 7; (x, y) is its top left. What has no glyph is left blank. */
export function drawText(picture: Picture, x: number, y: number, text: string, colour: number, scale = 1): void {
  for (const [i, letter] of Array.from(text).entries()) {
    for (const [v, row] of Array.from(glyphs[letter] ?? '').entries()) {
      for (let u = 0; u < 5; u++) {
        const inked = (Number.parseInt(row, 32) >> (4 - u)) & 1
        if (inked) fillBox(picture, x + (6 * i + u) * scale, y + v * scale, scale, scale, colour)
      }
    }
  }
}

export function encodePng({ width, height, pixels }: Picture, palette: readonly Colour[]): Uint8Array {
  const colours = palette.map((colour) => [...colour])
  return encode({ width, height, data: pixels, channels: 1, depth: 8, palette: colours }, { zlib: { level: 9 } })
}

/** Rows of five bits from the top, each a digit of base 32; seven, or nine with what hangs below the line. */
const glyphs: Readonly<Record<string, string>> = {
  A: 'EHHVHHH',
  B: 'UHHUHHU',
  C: 'EHGGGHE',
  D: 'UHHHHHU',
  E: 'VGGUGGV',
  F: 'VGGUGGG',
  G: 'EHGNHHF',
  H: 'HHHVHHH',
  I: 'E44444E',
  J: '72222IC',
  K: 'HIKOKIH',
  L: 'GGGGGGV',
  M: 'HRLLHHH',
  N: 'HPLJHHH',
  O: 'EHHHHHE',
  P: 'UHHUGGG',
  Q: 'EHHHLID',
  R: 'UHHUKIH',
  S: 'FGGE11U',
  T: 'V444444',
  U: 'HHHHHHE',
  V: 'HHHHHA4',
  W: 'HHHLLRH',
  X: 'HHA4AHH',
  Y: 'HHA4444',
  Z: 'V1248GV',
  a: '00E1FHF',
  b: 'GGUHHHU',
  c: '00FGGGF',
  d: '11FHHHF',
  e: '00EHVGE',
  f: '68S8888',
  g: '00FHHHF1E',
  h: 'GGUHHHH',
  i: '40C444E',
  j: '20622IC',
  k: 'GGIKOKI',
  l: 'C44444E',
  m: '00QLLLL',
  n: '00UHHHH',
  o: '00EHHHE',
  p: '00UHHHUGG',
  q: '00FHHHF11',
  r: '00MPGGG',
  s: '00FGE1U',
  t: '88S8896',
  u: '00HHHJD',
  v: '00HHHA4',
  w: '00HHLLA',
  x: '00HA4AH',
  y: '00HHHHF1E',
  z: '00V248V',
  0: 'EHJLPHE',
  1: '4C4444E',
  2: 'EH1248V',
  3: 'V2421HE',
  4: '26AIV22',
  5: 'VGU11HE',
  6: '68GUHHE',
  7: 'V124888',
  8: 'EHHEHHE',
  9: 'EHHF12C',
  '-': '000E000',
  '.': '00000CC',
  ',': '0000C48',
  ':': '0CC0CC0',
  '/': '01248G0',
  '>': '8421248',
  '(': '2488842',
  ')': '8422248',
  '+': '044V440',
  ';': '0CC0C48',
  '[': 'E88888E',
  ']': 'E22222E',
}

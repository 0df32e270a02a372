/** The learnt numbers of one layer: output r is `bias[r]` plus the dot product of row r with the input. */
export interface Layer {
  readonly rows: number
  readonly columns: number
  /** Row after row. */
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** All layers of Silero VAD v5, arranged for 32 ms windows; read-only, so that all calls of a thread share them. */
export interface SileroWeights {
  /** Columns [channel][tap -1, 0, 1]. */
  readonly conv1: Layer
  readonly conv2: Layer
  /** Its input has frames 0 and 1 only and its output is at 0: tap -1 meets padding and is left out. */
  readonly conv3: Layer
  /** Its input is one frame: only the middle tap is left. */
  readonly conv4: Layer
  /** Rows [input, forget, cell, output gate][unit], columns [input, hidden]. */
  readonly lstm: Layer
  readonly output: Layer
}

/** The two files of the weights: float32 little-endian values, in the order of an index of names and shapes (JSON). */
export interface SileroFiles {
  readonly index: string
  readonly weights: Uint8Array
}

/**
 * Takes the files apart.
 * @throws RangeError when they do not fit each other.
 */
export function parseSileroWeights(files: SileroFiles): SileroWeights {
  const tensor = readTensors(files)
  const conv = (index: number, taps: readonly number[]) => {
    const name = `model.encoder.${index}.reparam_conv`
    return convolution(tensor(`${name}.weight`), tensor(`${name}.bias`), taps)
  }
  return {
    conv1: conv(0, [0, 1, 2]),
    conv2: conv(1, [0, 1, 2]),
    conv3: conv(2, [1, 2]),
    conv4: conv(3, [1]),
    lstm: recurrent(tensor),
    output: layer(tensor('model.decoder.decoder.2.weight'), tensor('model.decoder.decoder.2.bias')),
  }
}

type Tensors = (name: string) => Float32Array

interface TensorIndex {
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]
}

function readTensors(files: SileroFiles): Tensors {
  const index = JSON.parse(files.index) as TensorIndex
  const { weights } = files
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength)
  const tensors = new Map<string, Float32Array>()
  let at = 0
  for (const { name, shape } of index.tensors) {
    const length = shape.reduce((product, dim) => product * dim, 1)
    const start = at
    at += length * 4
    if (at > weights.length) throw new RangeError(`Silero: the weights end within ${name}`)
    tensors.set(
      name,
      Float32Array.from({ length }, (_, i) => view.getFloat32(start + i * 4, true)),
    )
  }
  if (at !== weights.length) throw new RangeError(`Silero: expected ${at} bytes of weights, got ${weights.length}`)
  return (name) => {
    const values = tensors.get(name)
    if (values === undefined) throw new RangeError(`Silero: no tensor ${name}`)
    return values
  }
}

function layer(weights: Float32Array, bias: Float32Array): Layer {
  return { rows: bias.length, columns: weights.length / bias.length, weights, bias }
}

/** Weights [output][channel][3 taps], of which some taps are kept. */
function convolution(weights: Float32Array, bias: Float32Array, taps: readonly number[]): Layer {
  const kept = weights.filter((_, i) => taps.includes(i % 3))
  return layer(kept, bias)
}

/** Puts the matrices for the input and for the hidden state side by side: one product instead of two. */
function recurrent(tensor: Tensors): Layer {
  const fromInput = tensor('model.decoder.rnn.weight_ih')
  const fromHidden = tensor('model.decoder.rnn.weight_hh')
  const biasHidden = tensor('model.decoder.rnn.bias_hh')
  const bias = tensor('model.decoder.rnn.bias_ih').map((value, i) => value + (biasHidden[i] ?? 0))
  const units = fromInput.length / bias.length
  const weights = new Float32Array(fromInput.length * 2)
  for (let row = 0; row < bias.length; row++) {
    weights.set(fromInput.subarray(row * units, (row + 1) * units), row * 2 * units)
    weights.set(fromHidden.subarray(row * units, (row + 1) * units), row * 2 * units + units)
  }
  return layer(weights, bias)
}

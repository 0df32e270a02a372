import { fileURLToPath } from 'node:url'
import type { Config, Decoder, SoundSwallowerModule } from 'soundswallower'
import { cepstralMean } from './cepstral-mean.ts'
import { garbageWords, isGarbage, withGarbage } from './garbage.ts'

export type { Config }

/** The library behind the recogniser: utterance by utterance, samples from -1 to 1 at 16 kHz. */
export interface Decoding {
  /** Average features of a sound; undefined when it is shorter than two frames. */
  meanOf(samples: Float32Array): number[] | undefined
  /** Begins an utterance on a line with these average features. */
  begin(mean: readonly number[] | undefined): void
  add(samples: Float32Array): void
  /** Ends the utterance, and tells what it was. */
  end(): { text: string; rejected: boolean }
  [Symbol.dispose](): void
}

/** What the decoder of soundswallower 0.6.3 has, beyond its declared types: how a line's mean is set without waiting. */
interface Internals {
  _decoder_init_fe(decoder: number): number
  _decoder_init_feat_s3file(decoder: number, lda: number): number
  _acmod_reinit_feat(acousticModel: number, frontend: number, features: number): number
}
interface Handles {
  readonly cdecoder: number
  readonly cacmod: number
}

/** Two frames of 25 ms, 10 ms apart [samples]. */
const SHORTEST = 570

/**
 * Settings that differ from the library's. Its default beams lose the right hypothesis. Its language weight of 6.5
 * multiplies every choice of the grammar, which are no true probabilities: 2 took 40 of 48 noisy sentences, 3 took 37.
 */
const SETTINGS: Config = { loglevel: 'FATAL', beam: 1e-60, pbeam: 1e-60, wbeam: 1e-40, lw: 2, wip: 1e-3 }

/** @throws Error with a short message when the package is missing, or a word or the grammar is not valid. */
export async function loadDecoding(grammar: string, phoneProbability: number, settings: Config): Promise<Decoding> {
  const module = await loadModule()
  const decoder = new module.Decoder({ ...SETTINGS, ...settings })
  await briefly('load the model', () => decoder.initialize())
  // The mean is made without the library's noise removal; and in white noise at 20 dB 37 of 48 sentences were right
  // without it, 31 with it (41 and 42 in pink noise).
  decoder.set_config('remove_noise', 0)
  await briefly('compile the grammar', () => {
    decoder.add_words(...garbageWords)
    decoder.set_grammar(withGarbage(grammar, phoneProbability))
  })
  return makeDecoding(module as unknown as Internals, decoder)
}

function makeDecoding(internals: Internals, decoder: Decoder): Decoding {
  const { cdecoder, cacmod } = decoder as unknown as Handles
  const setMean = (mean: readonly number[]) => {
    decoder.set_config('cmninit', mean.map((value) => value.toFixed(2)).join(','))
    // Decoder.reinitialize_audio, but for its vain look for a file, which makes it asynchronous.
    const frontend = internals._decoder_init_fe(cdecoder)
    const features = internals._decoder_init_feat_s3file(cdecoder, 0)
    if (!frontend || !features || internals._acmod_reinit_feat(cacmod, frontend, features) < 0) {
      throw new Error('recogniser: could not set the average spectrum of the line')
    }
  }
  setMean([45, 3, -1])
  return {
    meanOf: (samples) => (samples.length < SHORTEST ? undefined : cepstralMean(decoder.spectrogram(samples))),
    begin(mean) {
      if (mean !== undefined) setMean(mean)
      decoder.start()
    },
    add(samples) {
      decoder.process_audio(samples)
    },
    end() {
      decoder.stop()
      const text = decoder.get_text()
      const rejected = text === '' || isGarbage(text)
      return { text: rejected ? '' : text, rejected }
    },
    [Symbol.dispose]: () => decoder.delete(),
  }
}

type Module = SoundSwallowerModule
type CreateModule = (overrides: { modelBase: string; print: () => void; printErr: () => void }) => Promise<Module>

/** A module of its own for each decoder: what it holds is given back as a whole, and its faults stay in it. */
async function loadModule(): Promise<Module> {
  const exceptions = process.listeners('uncaughtException')
  const rejections = process.listeners('unhandledRejection')
  try {
    const createModule = (await import('soundswallower')).default as unknown as CreateModule
    const modelBase = fileURLToPath(new URL('model/', import.meta.resolve('soundswallower')))
    return await createModule({ modelBase, print: () => {}, printErr: () => {} })
  } catch (error) {
    throw new Error(`recogniser: the optional package soundswallower is missing or broken: ${brief(error)}`)
  } finally {
    // Its generated code rethrows whatever goes wrong anywhere in the process; that is not its business.
    for (const added of process.listeners('uncaughtException')) {
      if (!exceptions.includes(added)) process.off('uncaughtException', added)
    }
    for (const added of process.listeners('unhandledRejection')) {
      if (!rejections.includes(added)) process.off('unhandledRejection', added)
    }
  }
}

async function briefly(step: string, run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    throw new Error(`recogniser: could not ${step}: ${brief(error)}`)
  }
}

/** The library's errors may quote a source line of 40 kB. */
function brief(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200)
}

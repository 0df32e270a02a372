/** The part of the Emscripten module that is used; the package brings no types. */
declare module '@echogarden/speex-resampler-wasm/simd' {
  interface SpeexModule {
    readonly HEAP16: Int16Array
    readonly HEAP32: Int32Array
    _malloc(bytes: number): number
    _speex_resampler_init(channels: number, fromHz: number, toHz: number, quality: number, error: number): number
    _speex_resampler_process_int(
      state: number,
      channel: number,
      input: number,
      inputLength: number,
      output: number,
      outputLength: number,
    ): number
    _speex_resampler_reset_mem(state: number): number
  }
  const load: () => Promise<SpeexModule>

  export = load
}

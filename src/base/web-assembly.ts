/** What we use of the platform's WebAssembly: Node's types know the namespace but none of its values. */
interface Platform {
  readonly Module: new (bytes: Uint8Array) => WebAssembly.Module
  readonly Instance: new (
    module: WebAssembly.Module,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
  /** Its size is in pages of 64 KiB. */
  readonly Memory: new (size: {
    readonly initial: number
  }) => { readonly buffer: ArrayBuffer }
}

export const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: Platform }

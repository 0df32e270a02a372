/**
 * A key or token, out of sight: printed, inspected, as JSON or in an error it shows a function without its value, and a
 * structured clone of it throws. So it leaves the configuration only where somebody writes `reveal()`.
 */
export interface Secret {
  readonly reveal: () => string
}

/** Puts a value out of sight. A closure, because properties are printed: `console.dir` even past `inspect.custom`. */
export function makeSecret(value: string): Secret {
  return Object.freeze({ reveal: () => value })
}

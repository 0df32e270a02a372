/**
 * What `source` yields, until it ends or `signal` aborts. The iteration is then stopped (its `finally` blocks run) and
 * not waited for: a mind in the middle of a sentence does not hold up the wire. What it throws after that is nobody's.
 */
export async function* untilAborted<Part>(
  source: () => AsyncIterable<Part>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const iterator = source()[Symbol.asyncIterator]()
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  try {
    for (;;) {
      const next = iterator.next()
      next.catch(() => undefined)
      const result = await Promise.race([next, aborted])
      if (result === undefined || result.done === true) return
      yield result.value
    }
  } finally {
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

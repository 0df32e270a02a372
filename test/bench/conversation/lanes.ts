/**
 * Runs `work` on every item, at most `lanes` at once; a lane takes the next item when it is done with one. What throws
 * is handed to `failed`, and the lane goes on.
 */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
  failed: (item: T, error: unknown) => void,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      try {
        results.push(await work(item))
      } catch (error) {
        failed(item, error)
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

/** The same items in another order, the same each time. */
export function shuffled<T>(items: readonly T[]): T[] {
  let state = 20_261
  const keyed = items.map((item) => {
    state = (state * 48_271) % 2_147_483_647
    return { item, key: state }
  })
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}

/** `; did you mean "x"?` when one of the known words is close to what came, else nothing. */
export function suggestion(got: string, known: readonly string[]): string {
  const near = known
    .map((word) => ({ word, edits: editsBetween(got.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, edits }) => edits <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0]
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near.word)}?`
}

/** Letters to add, drop or change to make one word the other (Levenshtein). Long words are cut: nothing is near them. */
function editsBetween(a: string, b: string): number {
  const [from, to] = [a.slice(0, 40), b.slice(0, 40)]
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const kept = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

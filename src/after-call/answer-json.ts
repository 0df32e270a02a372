/** Of an answer that is read at all [characters]: an analysis has a few thousand. */
export const MAX_READ = 64 * 1024

/**
 * Finds the JSON object in a model's answer, whatever stands around it: words, a code fence, both. Its time grows with the
 * text's length and no faster, whatever a caller has talked the model into.
 * `undefined`: there is none, or the text is longer than `most` [characters].
 */
export function readJsonObject(text: string, most = MAX_READ): Readonly<Record<string, unknown>> | undefined {
  if (text.length > most) return undefined
  const whole = objectOf(text.trim())
  if (whole !== undefined) return whole
  const from = text.indexOf('{')
  const until = text.lastIndexOf('}')
  if (from < 0 || until < from) return undefined
  // Words around it may hold braces of their own: then what is fenced, or what ends where its braces are even.
  return objectOf(text.slice(from, until + 1)) ?? firstFenced(text) ?? firstBalanced(text)
}

/** So many fences, and so many braces, are tried: a long answer of them alone must not take for ever. */
const MAX_TRIES = 20

/** Pieces between fences do not overlap: together they are the text once. */
function firstFenced(text: string): Readonly<Record<string, unknown>> | undefined {
  for (const piece of text.split('```', MAX_TRIES + 1).slice(1)) {
    const from = piece.indexOf('{')
    // Before it there is the language at most.
    const found =
      from < 0 || !/^[a-z]*\s*$/i.test(piece.slice(0, from)) ? undefined : objectOf(piece.slice(from).trim())
    if (found !== undefined) return found
  }
  return undefined
}

function firstBalanced(text: string): Readonly<Record<string, unknown>> | undefined {
  let from = text.indexOf('{')
  for (let tries = 0; from >= 0 && tries < MAX_TRIES; tries++) {
    const until = endOf(text, from)
    const found = until === undefined ? undefined : objectOf(text.slice(from, until))
    if (found !== undefined) return found
    from = text.indexOf('{', from + 1)
  }
  return undefined
}

/** Behind the brace that closes the one at `from`; strings are passed over. */
function endOf(text: string, from: number): number | undefined {
  let depth = 0
  let inString = false
  for (let i = from; i < text.length; i++) {
    const character = text[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return i + 1
  }
  return undefined
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

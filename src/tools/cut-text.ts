/**
 * A text that the model can be given: at most `maxBytes` of `bytes`, cut between characters, with a note when it was
 * cut. A charset that nobody knows is read as UTF-8.
 */
export function decodeText(
  bytes: Uint8Array,
  { maxBytes, charset = 'utf-8' }: { maxBytes: number; charset?: string },
): string {
  const cut = bytes.length > maxBytes
  const text = decoder(charset).decode(bytes.subarray(0, maxBytes), { stream: cut })
  return cut ? `${text}\n[cut: the answer is longer than ${maxBytes} bytes]` : text
}

/** One short line of what somebody else wrote. */
export function shortLine(text: string, maxLength = 200): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`
}

function decoder(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

/**
 * Follows a stream of server-sent events until `signal` aborts, and counts its messages.
 * @throws Error when it is not opened.
 */
export async function follow(url: string, signal: AbortSignal): Promise<{ readonly messages: () => number }> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal })
  if (!response.ok || response.body === null) throw new Error(`${url} was answered with ${response.status}`)
  let messages = 0
  const count = async (body: ReadableStream<Uint8Array>) => {
    let wasNewline = false
    for await (const chunk of body) {
      // An empty line ends a message, wherever the pieces were cut.
      for (const byte of chunk) {
        if (byte === 0x0a && wasNewline) messages++
        wasNewline = byte === 0x0a
      }
    }
  }
  // It ends by being aborted; that it ended before is seen by its silence.
  count(response.body).catch(() => {})
  return { messages: () => messages }
}

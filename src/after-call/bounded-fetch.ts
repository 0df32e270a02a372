/** Of one answer [bytes]: an analysis has a few thousand. */
const MAX_ANSWER = 4 * 1024 * 1024

/** An answer that went on for too long. */
export class TooLong extends Error {
  constructor() {
    super('the answer is too long')
    this.name = 'TooLong'
  }
}

/** `fetch`, whose answer's body fails when it becomes too long. Redirects are an error: they would take the key along. */
export async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'error' })
  if (response.body === null) return response
  let size = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength
        if (size > MAX_ANSWER) controller.error(new TooLong())
        else controller.enqueue(chunk)
      },
    }),
  )
  const { status, statusText, headers } = response
  return new Response(counted, { status, statusText, headers })
}

import { useEffect, useState } from 'preact/hooks'
import { api } from '../api-client.ts'
import { type BoardChange, type BoardState, emptyBoard, foldBoard, newsOf } from './board-state.ts'

/** How long until the stream is asked for again after the server refused it [ms]; a broken line the browser mends itself. */
const AGAIN_MS = 3000
/** News of this long are shown at once [ms]: 200 calls have some hundred a second, and nobody reads faster. */
const TOGETHER_MS = 250

/**
 * The live board, as long as it is shown.
 *
 * ```
 *   EventSource ── board, call, gone, health ─▶ fold ── every 250 ms ─▶ shown
 *        ├─ error, connecting ─▶ lost; the browser tries again by itself
 *        └─ error, closed (a proxy's 502, signed out) ─▶ lost; ask who is signed in, then again in 3 s
 * ```
 */
export function useBoard(): BoardState {
  const [shown, show] = useState(emptyBoard)
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let state = emptyBoard
    let showing: ReturnType<typeof setTimeout> | undefined
    const change = (what: BoardChange) => {
      state = foldBoard(state, what)
      showing ??= setTimeout(() => {
        showing = undefined
        show(state)
      }, TOGETHER_MS)
    }
    const open = () => {
      source = new EventSource('/api/board')
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const news = newsOf(data)
        if (news !== undefined) change(news)
      }
      source.onerror = () => {
        change({ type: 'lost' })
        if (source?.readyState !== EventSource.CLOSED) return
        // Leads to the sign-in if that is what it is: an event source does not say why it was refused.
        void api.get('/api/agents').catch(() => undefined)
        timer = setTimeout(open, AGAIN_MS)
      }
    }
    open()
    return () => {
      source?.close()
      clearTimeout(timer)
      clearTimeout(showing)
    }
  }, [])
  return shown
}

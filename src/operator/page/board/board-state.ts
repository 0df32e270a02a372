import type { BoardNews, HouseHealth, LiveCall } from '../../api.ts'

/** The live board, folded from the server's news. */
export interface BoardState {
  /** `waiting`: nothing has come yet; `lost`: what is shown is old. */
  readonly line: 'waiting' | 'open' | 'lost'
  /** Longest first, so that rows stay where they are. */
  readonly calls: readonly LiveCall[]
  readonly health?: HouseHealth
}

/** What can happen to a board: the server's news, and the way to the server breaking. */
export type BoardChange = BoardNews | { readonly type: 'lost' }

/** Before anything was heard of the server. */
export const emptyBoard: BoardState = { line: 'waiting', calls: [] }

/** The board after a change; any news proves that the line is open. */
export function foldBoard(state: BoardState, change: BoardChange): BoardState {
  switch (change.type) {
    case 'lost':
      return { ...state, line: 'lost' }
    case 'board':
      return { line: 'open', calls: inOrder(change.calls), health: change.health }
    case 'health':
      return { ...state, line: 'open', health: change.health }
    case 'gone':
      return { ...state, line: 'open', calls: without(state.calls, change.callId) }
    case 'call':
      return { ...state, line: 'open', calls: inOrder([...without(state.calls, change.call.callId), change.call]) }
  }
}

/** Reads one message of the stream; `undefined`: it is none that this page knows. */
export function newsOf(data: string): BoardNews | undefined {
  let news: unknown
  try {
    news = JSON.parse(data)
  } catch {
    return undefined
  }
  const known = ['board', 'call', 'gone', 'health']
  const isNews = typeof news === 'object' && news !== null && 'type' in news && known.includes(String(news.type))
  return isNews ? (news as BoardNews) : undefined
}

function without(calls: readonly LiveCall[], callId: string): readonly LiveCall[] {
  return calls.filter((call) => call.callId !== callId)
}

function inOrder(calls: readonly LiveCall[]): readonly LiveCall[] {
  return calls.toSorted((a, b) => a.answeredAt - b.answeredAt || (a.callId < b.callId ? -1 : 1))
}

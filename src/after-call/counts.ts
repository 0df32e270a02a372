import type { Analysis } from '../call/analysis.ts'
import type { KeptCall } from './kept-call.ts'

/** A character of these scripts is a word of its own here; of others, what stands between spaces. */
const WORD =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}])[\p{L}\p{N}'’_-])+/gu

/** What can be said of a call by counting, when no model is asked: nothing of how anybody felt, and nothing to do. */
export function countsOf({ summary, said }: KeptCall): Analysis {
  const words = { caller: 0, agent: 0, unheard: 0 }
  for (const utterance of said) {
    if (utterance.speaker === 'caller') words.caller += wordsIn(utterance.text)
    if (utterance.speaker !== 'agent') continue
    words.agent += wordsIn(utterance.heard)
    words.unheard += wordsIn(utterance.unheard)
  }
  const { durationMs, streams, turns, bargeIns, tools, losses } = summary
  const outcome = summary.reason ?? 'unknown'
  const counts = { durationMs, streams, turns, bargeIns, tools, losses, words }
  return { by: 'counts', result: { summary: inOneLine(outcome, counts), outcome, counts } }
}

interface Counts {
  readonly durationMs: number
  readonly turns: number
  readonly bargeIns: number
  readonly tools: number
  readonly losses: number
  readonly words: { readonly caller: number; readonly agent: number; readonly unheard: number }
}

function inOneLine(outcome: string, { durationMs, turns, bargeIns, tools, losses, words }: Counts): string {
  const seconds = Math.round(durationMs / 1000)
  const length = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const unheard = words.unheard === 0 ? '' : ` and did not hear ${words.unheard} more`
  return [
    `A call of ${length} and ${some(turns, 'turn')}, which ended with ${outcome}.`,
    `The caller said ${some(words.caller, 'word')} and heard ${words.agent} of the agent${unheard}.`,
    `Interruptions: ${bargeIns}. Tools called: ${tools}. Times the model was lost: ${losses}.`,
  ].join(' ')
}

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function wordsIn(text: string): number {
  return text.match(WORD)?.length ?? 0
}

import { useCallback, useRef, useState } from 'preact/hooks'
import type { CommandReply, CommandRequest } from '../../api.ts'
import { api } from '../api-client.ts'
import { t } from '../i18n.ts'
import { type ProblemWords, problemWords } from '../problem-words.ts'

/** What came of the last command, in words. */
export interface CommandNews extends ProblemWords {
  readonly kind: 'good' | 'bad'
}

/** Where a call takes commands. */
export function commandsOf(callId: string): string {
  return `/api/calls/${encodeURIComponent(callId)}/commands`
}

/**
 * Reaches into a live call: one command at a time. Buttons are not disabled meanwhile: the focus, which comes back to one of
 * them from a dialog, would be lost.
 */
export function useCommand(callId: string): {
  readonly news: CommandNews | undefined
  /** Whether the call does it; not while another command is on its way. */
  send(command: CommandRequest): Promise<boolean>
} {
  const busy = useRef(false)
  const [news, setNews] = useState<CommandNews>()
  const send = useCallback(
    async (command: CommandRequest) => {
      if (busy.current) return false
      busy.current = true
      setNews(undefined)
      try {
        const { outcome } = await api.post<CommandReply>(commandsOf(callId), command)
        setNews(
          outcome === 'done'
            ? { kind: 'good', text: t(`done.${command.type}`) }
            : { kind: 'bad', text: t(`outcome.${outcome}`) },
        )
        return outcome === 'done'
      } catch (error) {
        setNews({ kind: 'bad', ...problemWords(error) })
        return false
      } finally {
        busy.current = false
      }
    },
    [callId],
  )
  return { news, send }
}

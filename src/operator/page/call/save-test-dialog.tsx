import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { SaveTestReply, SaveTestRequest } from '../../api.ts'
import { api } from '../api-client.ts'
import { t } from '../i18n.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
import { type ProblemWords, problemWords } from '../problem-words.ts'

interface SaveTestDialogProps {
  readonly callId: string
  onClose(): void
}

/** Makes the call a recorded call that `npm test` replays. */
export function SaveTestDialog({ callId, onClose }: SaveTestDialogProps): JSX.Element {
  const [name, setName] = useState('')
  const [redact, setRedact] = useState(true)
  const [state, setState] = useState<{ busy: boolean; folder?: string; problem?: ProblemWords }>({ busy: false })
  const save = async () => {
    setState({ busy: true })
    const request: SaveTestRequest = { name, redact }
    try {
      const { folder } = await api.post<SaveTestReply>(`/api/calls/${encodeURIComponent(callId)}/test`, request)
      setState({ busy: false, folder })
    } catch (error) {
      setState({ busy: false, problem: problemWords(error) })
    }
  }
  return (
    <Dialog title={t('saveTest.title')} onClose={onClose}>
      {state.folder === undefined ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault()
            void save()
          }}
        >
          <p>{t('saveTest.text')}</p>
          <label class="field">
            <span>{t('saveTest.name')}</span>
            <input
              type="text"
              required
              maxLength={60}
              pattern="[a-z0-9]+(-[a-z0-9]+)*"
              placeholder="caller-talks-over-the-greeting"
              title={t('saveTest.nameHint')}
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
            <span class="quiet small">{t('saveTest.nameHint')}</span>
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={redact}
              onChange={({ currentTarget }) => setRedact(currentTarget.checked)}
            />
            <span>{t('saveTest.redact')}</span>
          </label>
          {!redact && <Notice kind="warn">{t('saveTest.unredacted')}</Notice>}
          {state.problem !== undefined && (
            <Notice kind="bad">
              <Problem {...state.problem} />
            </Notice>
          )}
          <div class="row row-end">
            <button type="button" class="button" onClick={onClose}>
              {t('dialog.cancel')}
            </button>
            <button type="submit" class="button button-primary" disabled={state.busy}>
              {t('saveTest.save')}
            </button>
          </div>
        </form>
      ) : (
        <div class="stack">
          <Notice kind="good">
            <p>{t('saveTest.saved')}</p>
            <p>
              <code>{state.folder}</code>
            </p>
          </Notice>
          <div class="row row-end">
            <button type="button" class="button button-primary" onClick={onClose}>
              {t('dialog.close')}
            </button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

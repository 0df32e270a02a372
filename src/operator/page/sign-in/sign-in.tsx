import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { SessionInfo } from '../../api.ts'
import { ApiError, api } from '../api-client.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
import { type ProblemWords, problemWords } from '../problem-words.ts'

interface SignInProps {
  readonly session: SessionInfo
  onSession(session: SessionInfo): void
}

/** The door: a password, or what else lets one in here. */
export function SignIn({ session, onSession }: SignInProps): JSX.Element {
  return (
    <div class="door">
      <section class="card door-card" aria-labelledby="door-title">
        <h1 id="door-title">
          <Icon name="phone" size={22} /> {t('title.signIn')}
        </h1>
        {session.signIn === 'password' ? (
          <PasswordForm onSession={onSession} />
        ) : (
          <p>{t(`signIn.${session.signIn}`)}</p>
        )}
      </section>
    </div>
  )
}

function PasswordForm({ onSession }: Pick<SignInProps, 'onSession'>): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<ProblemWords>()
  const [busy, setBusy] = useState(false)
  useEffect(() => input.current?.focus(), [])
  const submit = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      onSession(await api.signIn(input.current?.value ?? ''))
    } catch (error) {
      setProblem(wordsFor(error))
      input.current?.select()
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {/* For password managers, which keep a name with each password. */}
      <input
        class="sr-only"
        type="text"
        name="username"
        value="operator"
        autocomplete="username"
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <label class="field">
        <span>{t('signIn.password')}</span>
        <input ref={input} type="password" name="password" autocomplete="current-password" required />
      </label>
      {problem !== undefined && (
        <Notice kind="bad">
          <Problem {...problem} />
        </Notice>
      )}
      <button type="submit" class="button button-primary" disabled={busy}>
        {t('signIn.enter')}
      </button>
      <p class="quiet">{t('signIn.hint')}</p>
    </form>
  )
}

function wordsFor(error: unknown): ProblemWords {
  const status = error instanceof ApiError ? error.status : -1
  if (status === 401 || status === 403) return { text: t('signIn.wrong') }
  if (status === 429) return { text: t('signIn.often') }
  return problemWords(error)
}

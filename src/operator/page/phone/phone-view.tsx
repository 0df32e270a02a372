import './phone.css'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api-client.ts'
import { Transcript } from '../call/transcript.tsx'
import { clockOf } from '../format.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { hrefOf } from '../router.ts'
import type { Needle } from '../sound/loudness.ts'
import { s } from '../sound/words.ts'
import { useDirectory } from '../use-directory.ts'
import { useNow } from '../use-now.ts'
import type { LineQuality } from './bad-line.ts'
import { isPhoneKey, Keypad } from './keypad.tsx'
import { type PhoneState, telephone } from './phone.ts'
import type { CallEnding } from './phone-call.ts'
import { useConversation, useNeedle, usePhone } from './use-phone.ts'
import { p } from './words.ts'

const QUALITIES: readonly LineQuality[] = ['clean', 'noisy', 'lossy']
const OUTCOMES = ['completed', 'no-answer', 'busy'] as const

/** A telephone in the page: whoever opens it talks to the agent, as a caller would. */
export function PhoneView(): JSX.Element {
  const state = usePhone()
  const lines = useConversation(state.answeredAt === undefined ? undefined : state.callSid, state.phase === 'in-call')
  return (
    <div class="view">
      <div class="view-head">
        <h1>{t('title.phone')}</h1>
      </div>
      <p class="quiet">{p('about')}</p>
      <div class="phone-columns">
        <Handset state={state} />
        {state.callSid !== undefined && (
          <Transcript
            lines={lines}
            now={{ stream: undefined, atMs: 0, playing: false }}
            isLive={state.phase === 'in-call'}
            seek={undefined}
          />
        )}
      </div>
    </div>
  )
}

function Handset({ state }: { state: PhoneState }): JSX.Element {
  const inCall = state.phase === 'in-call'
  // Only while the focus is in here: single keys belong to whatever has it.
  const onKeyDown = (event: KeyboardEvent) => {
    if (!inCall || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    if (isPhoneKey(event.key)) telephone.press(event.key)
    else if (event.key.toLowerCase() === 'm') telephone.mute(!state.muted)
    else return
    event.preventDefault()
  }
  return (
    <section class="card phone" aria-label={t('title.phone')} onKeyDown={onKeyDown}>
      <Dial state={state} />
      <Problems state={state} />
      {state.step?.type === 'dialling' && (
        <div class="row phone-outcomes">
          {OUTCOMES.map((how) => (
            <button key={how} type="button" class="button" onClick={() => telephone.settle(how)}>
              {p(`dial.${how}`)}
            </button>
          ))}
        </div>
      )}
      <Meters state={state} />
      <Keypad disabled={!inCall} onPress={(key) => telephone.press(key)} />
      <p class="quiet phone-keys">{state.keys === '' ? p('keypadHint') : p('pressed', { keys: state.keys })}</p>
      <LineChoice quality={state.quality} />
      <label class="field">
        <span>{p('volume')}</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={state.volume}
          onInput={({ currentTarget }) => telephone.setVolume(Number(currentTarget.value))}
        />
      </label>
    </section>
  )
}

/** Whom to call, the call itself, and the button that begins and ends it: one button, so the focus stays on it. */
function Dial({ state }: { state: PhoneState }): JSX.Element {
  const { phase, muted, answeredAt } = state
  const [to, setTo] = useState('')
  const from = useOwnAddress()
  const all = useDirectory()?.numbers ?? []
  const [fallback, numbers] = [all.find(isDefault), all.filter((each) => !isDefault(each))]
  const isIdle = phase === 'idle'
  const now = useNow(!isIdle)
  const begin = () => void telephone.call(to === '' ? undefined : to, from)
  return (
    <>
      <label class="field">
        <span>{p('whom')}</span>
        <select value={to} disabled={!isIdle} onChange={({ currentTarget }) => setTo(currentTarget.value)}>
          <option value="">
            {fallback === undefined || fallback.agent === 'default'
              ? p('default')
              : p('defaultNamed', { agent: fallback.agent })}
          </option>
          {numbers.map(({ number, agent }) => (
            <option key={number} value={number}>
              {p('number', { number, agent })}
            </option>
          ))}
        </select>
      </label>
      <div class="phone-display">
        <p class="phone-step" role="status">
          {stepOf(state)}
        </p>
        {answeredAt !== undefined && !isIdle && (
          <p class="phone-clock" role="timer" aria-label={p('length')}>
            {clockOf(now - answeredAt)}
          </p>
        )}
      </div>
      <div class="row phone-buttons">
        <button
          type="button"
          class={`button phone-main ${isIdle ? 'button-primary' : 'button-danger'}`}
          onClick={isIdle ? begin : () => telephone.hangUp()}
        >
          <Icon name={isIdle ? 'phone' : 'hangUp'} /> {isIdle ? p('call') : p('hangUp')}
        </button>
        <button type="button" class="button" aria-pressed={muted} onClick={() => telephone.mute(!muted)}>
          <Icon name="takeOver" /> {p('mute')}
        </button>
        {isIdle && state.callSid !== undefined && (
          <a class="button" href={hrefOf({ view: 'call', callId: state.callSid })}>
            {p('look')}
          </a>
        )}
      </div>
    </>
  )
}

function isDefault({ number }: { readonly number: string }): boolean {
  return number === 'default'
}

function Problems({ state: { fault, soundProblem, phase } }: { state: PhoneState }): JSX.Element {
  return (
    <>
      {soundProblem !== undefined && <Notice kind="bad">{s('sound.none', { what: soundProblem })}</Notice>}
      {fault !== undefined && (
        <Notice kind="warn">
          <p>{s(`microphone.${fault}`)}</p>
          {phase === 'in-call' && <p>{p('listenOnly')}</p>}
        </Notice>
      )}
    </>
  )
}

function Meters({ state: { phase } }: { state: PhoneState }): JSX.Element {
  const isMoving = phase === 'in-call'
  return (
    <div class="phone-meters">
      <Meter label={p('you')} needle={telephone.said} isMoving={isMoving} />
      <Meter label={p('agent')} needle={telephone.heard} isMoving={isMoving} />
    </div>
  )
}

interface MeterProps {
  readonly label: string
  readonly needle: Needle
  readonly isMoving: boolean
}

function Meter({ label, needle, isMoving }: MeterProps): JSX.Element {
  const meter = useNeedle(needle, isMoving)
  return (
    <label class="phone-meter">
      <span>{label}</span>
      <meter ref={meter} min={0} max={1} value={0} />
    </label>
  )
}

function LineChoice({ quality }: { quality: LineQuality }): JSX.Element {
  return (
    <fieldset class="chips phone-line">
      <legend>{p('line')}</legend>
      {QUALITIES.map((each) => (
        <label key={each} class="chip">
          <input type="radio" name="line" checked={each === quality} onChange={() => telephone.takeLine(each)} />
          {p(`line.${each}`)}
        </label>
      ))}
      <p class="quiet">{p(`line.about.${quality}`)}</p>
    </fieldset>
  )
}

/** What the call is at, or how the last one ended. */
function stepOf({ phase, step, ending }: PhoneState): string {
  if (phase === 'opening') return p('step.opening')
  if (phase === 'idle') return ending === undefined ? p('step.idle') : endingOf(ending)
  if (step === undefined) return p('step.calling')
  switch (step.type) {
    case 'words':
      return p('step.words', { text: step.text })
    case 'digits':
      return p('step.digits', { digits: step.digits })
    case 'dialling':
      return p('step.dialling', { number: step.number })
    default:
      return p(`step.${step.type}`)
  }
}

function endingOf(ending: CallEnding): string {
  if (ending.type === 'hung-up') return p(`ended.${ending.by}`)
  return ending.type === 'rejected' ? p(`ended.${ending.reason}`) : p(`failed.${ending.why}`)
}

/** Who calls: the operator, by name where one is known. */
function useOwnAddress(): string {
  const [operator, setOperator] = useState('operator')
  useEffect(() => {
    api.session().then(
      (session) => setOperator(session.operator ?? 'operator'),
      () => undefined,
    )
  }, [])
  return `client:${operator.replace(/[^\w.@+-]/g, '').slice(0, 60) || 'operator'}`
}

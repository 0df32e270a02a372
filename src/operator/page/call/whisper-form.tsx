import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'

interface WhisperFormProps {
  readonly disabled: boolean
  /** Whether it was taken. */
  onWhisper(text: string): Promise<boolean>
}

/** Tells the agent what the caller does not hear. */
export function WhisperForm({ disabled, onWhisper }: WhisperFormProps): JSX.Element {
  const [text, setText] = useState('')
  const whisper = async () => {
    const said = text.trim()
    if (said !== '' && (await onWhisper(said))) setText('')
  }
  return (
    <form
      class="row whisper"
      onSubmit={(event) => {
        event.preventDefault()
        void whisper()
      }}
    >
      <label class="field field-grow">
        <span>{t('whisper.label')}</span>
        <input
          type="text"
          maxLength={1000}
          autocomplete="off"
          placeholder={t('whisper.example')}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" disabled={disabled || text.trim() === ''}>
        <Icon name="whisper" /> {t('live.whisper')}
      </button>
    </form>
  )
}

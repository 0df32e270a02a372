import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ShelvedFile } from '../../../call/shelf.ts'
import { sizeOf, timeOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { SaveTestDialog } from './save-test-dialog.tsx'
import { sourceOf } from './use-player.ts'

interface FilesProps {
  readonly callId: string
  readonly files: readonly ShelvedFile[]
  readonly isLive: boolean
}

/** What there is of the call to take away, and to make a test of. */
export function Files({ callId, files, isLive }: FilesProps): JSX.Element {
  const [saving, setSaving] = useState(false)
  const hasFlight = files.some((file) => file.kind === 'flight')
  const events = `/api/calls/${encodeURIComponent(callId)}/events.jsonl`
  return (
    <section class="card" aria-labelledby="files-title">
      <h2 id="files-title">{t('files.title')}</h2>
      <ul class="files">
        {files.map((file) => (
          <li key={file.name}>
            <a href={`${sourceOf(callId, file.name)}?download`} download={file.name}>
              <Icon name="download" size={16} /> {t(`files.${file.kind}`)}
            </a>{' '}
            <span class="quiet tabular">
              {timeOf(file.answeredAt, language())} · {sizeOf(file.bytes, language())}
            </span>
          </li>
        ))}
        <li>
          <a href={events} download={`${callId}.jsonl`}>
            <Icon name="download" size={16} /> {t('files.events')}
          </a>{' '}
          <span class="quiet">JSONL</span>
        </li>
      </ul>
      {!files.some((file) => file.kind === 'recording') && (
        <p class="quiet">{isLive ? t('files.recordingLater') : t('files.noRecording')}</p>
      )}
      {!isLive && (
        <>
          <button type="button" class="button" disabled={!hasFlight} onClick={() => setSaving(true)}>
            <Icon name="save" /> {t('saveTest.title')}
          </button>
          {!hasFlight && <p class="quiet small">{t('files.noFlight')}</p>}
        </>
      )}
      {saving && <SaveTestDialog callId={callId} onClose={() => setSaving(false)} />}
    </section>
  )
}

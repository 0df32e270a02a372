import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Directory, LiveCall } from '../../api.ts'
import { t } from '../i18n.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { useLine } from '../sound/use-line.ts'
import { TransferDialog } from './transfer-dialog.tsx'
import { useCommand } from './use-command.ts'
import { useTakeOver } from './use-take-over.ts'
import { WhisperForm } from './whisper-form.tsx'

interface LiveActionsProps {
  readonly callId: string
  readonly live: LiveCall
  readonly directory: Directory | undefined
  /** The call has changed. */
  onDone(): void
}

/** How an operator reaches into a live call: hears it, tells the agent something, speaks in its place, ends it. */
export function LiveActions({ callId, live, directory, onDone }: LiveActionsProps): JSX.Element {
  const [asking, setAsking] = useState<'hang-up' | 'transfer'>()
  const { news, send } = useCommand(callId)
  const line = useLine(callId)
  const isTakenOver = live.state === 'taken-over'
  const tell = async (...command: Parameters<typeof send>) => {
    const isDone = await send(...command)
    if (isDone) onDone()
    return isDone
  }
  const { takeOver, handBack, isOurs, isVoiceless } = useTakeOver({ callId, isTakenOver, line, tell, onDone })
  const hasTargets = directory !== undefined && directory.transferTargets.length > 0
  return (
    <section class="card live-actions" aria-label={t('live.title')}>
      <div class="row">
        <button type="button" class="button" aria-pressed={line.listening} onClick={line.toggle}>
          <Icon name="listen" /> {line.listening ? t('live.listening') : t('live.listen')}
        </button>
        {line.listening && <Level level={line.level} />}
        {isTakenOver ? (
          <button type="button" class="button button-primary" onClick={handBack}>
            <Icon name="handBack" /> {t('live.handBack')}
          </button>
        ) : (
          <button type="button" class="button" onClick={takeOver}>
            <Icon name="takeOver" /> {t('live.takeOver')}
          </button>
        )}
        <button
          type="button"
          class="button"
          disabled={!hasTargets}
          {...(hasTargets ? {} : { 'aria-describedby': 'no-targets' })}
          onClick={() => setAsking('transfer')}
        >
          <Icon name="transfer" /> {t('live.transfer')}
        </button>
        <button type="button" class="button button-danger row-last" onClick={() => setAsking('hang-up')}>
          <Icon name="hangUp" /> {t('live.hangUp')}
        </button>
      </div>
      {directory !== undefined && !hasTargets && (
        <p id="no-targets" class="quiet small">
          {t('transfer.noTargets')}
        </p>
      )}
      {isTakenOver && !isOurs && <Notice kind="warn">{t('live.another')}</Notice>}
      {line.speaking && isTakenOver && isOurs && <Notice kind="good">{t('live.onAir')}</Notice>}
      {(line.problem !== undefined || isVoiceless) && (
        <Notice kind="bad">
          {line.problem !== undefined && <p>{line.problem}</p>}
          {isVoiceless && <p>{t('live.voiceless')}</p>}
        </Notice>
      )}
      <WhisperForm disabled={isTakenOver} onWhisper={(text) => tell({ type: 'whisper', text })} />
      <p class={`command-news news-${news?.kind ?? 'none'}`} role="status">
        {news?.text}
        {news?.detail !== undefined && (
          <span class="small" lang="en">
            {' '}
            {news.detail}
          </span>
        )}
      </p>
      {asking === 'hang-up' && (
        <Dialog title={t('hangUp.title')} onClose={() => setAsking(undefined)}>
          <p>{t('hangUp.text')}</p>
          <div class="row row-end">
            <button type="button" class="button" onClick={() => setAsking(undefined)}>
              {t('dialog.cancel')}
            </button>
            <button
              type="button"
              class="button button-danger"
              onClick={() => {
                setAsking(undefined)
                void tell({ type: 'hang-up' })
              }}
            >
              <Icon name="hangUp" /> {t('live.hangUp')}
            </button>
          </div>
        </Dialog>
      )}
      {asking === 'transfer' && (
        <TransferDialog
          targets={directory?.transferTargets ?? []}
          onClose={() => setAsking(undefined)}
          onTransfer={(destination) => {
            setAsking(undefined)
            void tell({ type: 'transfer', destination })
          }}
        />
      )}
    </section>
  )
}

/** That something is heard. It moves too fast to be read out. */
function Level({ level }: { level: number }): JSX.Element {
  return (
    <span class="level" aria-hidden="true">
      <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, level))})` }} />
    </span>
  )
}

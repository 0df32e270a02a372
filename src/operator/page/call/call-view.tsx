import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { CallDetail } from '../../api.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice, ProblemNotice } from '../parts/notice.tsx'
import { hrefOf, type Route } from '../router.ts'
import { useDirectory } from '../use-directory.ts'
import { AnalysisCard } from './analysis-card.tsx'
import { CallHead } from './call-head.tsx'
import { EventList } from './event-list.tsx'
import { Files } from './files.tsx'
import { LatencyCard } from './latency-card.tsx'
import { LiveActions } from './live-actions.tsx'
import { MarkerList } from './marker-list.tsx'
import { PlayerCard } from './player-card.tsx'
import { Transcript } from './transcript.tsx'
import { useCall } from './use-call.ts'
import { usePlayer } from './use-player.ts'

/** One call: heard, read and looked into; and reached into, while it is live. */
export function CallView({ callId }: { callId: string }): JSX.Element {
  const { value, problem, reload } = useCall(callId)
  const from: Route = value?.live === undefined ? { view: 'history', filter: {} } : { view: 'board' }
  return (
    <div class="view">
      <p class="crumbs">
        <a href={hrefOf(from)}>
          <Icon name="back" size={16} /> {t(`title.${from.view}`)}
        </a>
      </p>
      {problem?.status === 404 && <Notice kind="warn">{t('call.unknown')}</Notice>}
      {problem !== undefined && problem.status !== 404 && <ProblemNotice problem={problem} retry={reload} />}
      {value === undefined && problem === undefined && <p class="quiet">{t('page.loading')}</p>}
      {value !== undefined && <Call callId={callId} detail={value} reload={reload} />}
    </div>
  )
}

interface CallProps {
  readonly callId: string
  readonly detail: CallDetail
  reload(): void
}

function Call({ callId, detail, reload }: CallProps): JSX.Element {
  const { summary, live, transcript, markers, latencies, files, analysis } = detail
  const directory = useDirectory()
  // A live call's file grows: it is played when it is whole.
  const recordings = useMemo(
    () => (live === undefined ? files.filter((file) => file.kind === 'recording') : []),
    [files, live === undefined],
  )
  const player = usePlayer(callId, recordings)
  const seek = recordings.length === 0 ? undefined : player.seek
  const now = { stream: player.recording?.answeredAt, atMs: player.positionMs, playing: player.playing }
  return (
    <>
      <CallHead summary={summary} live={live} currency={directory?.currency} />
      {live !== undefined && <LiveActions callId={callId} live={live} directory={directory} onDone={reload} />}
      {recordings.length > 0 && <PlayerCard callId={callId} player={player} markers={markers} />}
      <div class="call-columns">
        <div class="stack">
          <Transcript lines={transcript} now={now} isLive={live !== undefined} seek={seek} />
          <MarkerList markers={markers} seek={seek} />
        </div>
        <div class="stack">
          {analysis !== undefined && <AnalysisCard analysis={analysis} />}
          <LatencyCard latencies={latencies} seek={seek} />
          <Files callId={callId} files={files} isLive={live !== undefined} />
        </div>
      </div>
      <EventList callId={callId} isLive={live !== undefined} turns={transcript.length} />
    </>
  )
}

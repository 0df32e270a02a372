import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Marker } from '../../api.ts'
import { clockOf, timeOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { usePeaks } from './use-peaks.ts'
import { type Player, sourceOf } from './use-player.ts'
import { Waveform } from './waveform.tsx'

/** How far the arrow keys go [s]. */
const STEP_S = 5
const RATES = [0.75, 1, 1.25, 1.5, 2]
const ZOOMS = [1, 2, 4, 8, 16]

interface PlayerCardProps {
  readonly callId: string
  readonly player: Player
  readonly markers: readonly Marker[]
}

/** The recording: its waveform, and what plays it. */
export function PlayerCard({ callId, player, markers }: PlayerCardProps): JSX.Element | null {
  const { recording, recordings, audio } = player
  const [zoom, setZoom] = useState(1)
  const { peaks, problem } = usePeaks(recording === undefined ? undefined : sourceOf(callId, recording.name))
  useKeys(player)
  if (recording === undefined) return null
  const stream = recording.answeredAt
  const durationMs = peaks?.durationMs ?? 0
  return (
    <section class="card player" aria-labelledby="player-title">
      <div class="player-head">
        <h2 id="player-title">{t('player.title')}</h2>
        {recordings.length > 1 && (
          <fieldset class="chips">
            <legend class="sr-only">{t('player.streams')}</legend>
            {recordings.map((file, index) => (
              <label key={file.name} class="chip">
                <input
                  type="radio"
                  name="stream"
                  checked={file === recording}
                  onChange={() => player.seek(file.answeredAt, 0)}
                />
                {t('player.stream', { n: index + 1, time: timeOf(file.answeredAt, language()) })}
              </label>
            ))}
          </fieldset>
        )}
      </div>
      {(player.failed || problem) && <Notice kind="warn">{t('player.failed')}</Notice>}
      <Waveform
        audio={audio}
        peaks={peaks}
        failed={problem}
        zoom={zoom}
        positionMs={player.positionMs}
        playing={player.playing}
        markers={markers.filter((marker) => marker.stream === stream)}
        onMarker={(marker) => player.seek(stream, marker.atMs)}
      />
      <Controls player={player} stream={stream} durationMs={durationMs} zoom={zoom} setZoom={setZoom} />
    </section>
  )
}

interface ControlsProps {
  readonly player: Player
  readonly stream: number
  readonly durationMs: number
  readonly zoom: number
  setZoom(zoom: number): void
}

function Controls({ player, stream, durationMs, zoom, setZoom }: ControlsProps): JSX.Element {
  const { playing, positionMs, rate } = player
  const position = `${clockOf(positionMs)} / ${clockOf(durationMs)}`
  return (
    <div class="player-controls">
      <button type="button" class="button button-primary player-play" onClick={player.toggle}>
        <Icon name={playing ? 'pause' : 'play'} /> {playing ? t('player.pause') : t('player.play')}
      </button>
      <span class="tabular player-time">{position}</span>
      <input
        class="player-position"
        type="range"
        min={0}
        max={Math.max(1, Math.round(durationMs))}
        step={100}
        value={Math.round(positionMs)}
        aria-label={t('player.position')}
        aria-valuetext={position}
        onInput={({ currentTarget }) => player.seek(stream, currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          // The browser's own step is a tenth of a second: right for a mouse, nothing for a key.
          const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
          if (step === 0) return
          event.preventDefault()
          player.seek(stream, Math.min(durationMs, positionMs + step * STEP_S * 1000))
        }}
      />
      <label class="select-inline">
        <span>{t('player.speed')}</span>
        <select value={rate} onChange={({ currentTarget }) => player.setRate(Number(currentTarget.value))}>
          {RATES.map((value) => (
            <option key={value} value={value}>{`${value}×`}</option>
          ))}
        </select>
      </label>
      <label class="select-inline">
        <span>{t('player.zoom')}</span>
        <select value={zoom} onChange={({ currentTarget }) => setZoom(Number(currentTarget.value))}>
          {ZOOMS.map((value) => (
            <option key={value} value={value}>{`${value}×`}</option>
          ))}
        </select>
      </label>
    </div>
  )
}

/** Space and the arrows play and seek from anywhere on the page that has no use of its own for them. */
function useKeys(player: Player): void {
  const { toggle, audio } = player
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      const { target } = event
      if (target instanceof Element && target.closest('button, a, input, select, textarea, summary, dialog') !== null)
        return
      if (event.key === ' ') toggle()
      else if (event.key === 'ArrowRight') audio.currentTime += STEP_S
      else if (event.key === 'ArrowLeft') audio.currentTime = Math.max(0, audio.currentTime - STEP_S)
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [toggle, audio])
}

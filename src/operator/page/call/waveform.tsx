import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type WaveSurfer from 'wavesurfer.js'
import type { Marker } from '../../api.ts'
import { momentOf } from '../format.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { onTheme } from '../theme.ts'
import { markerIcons } from './marker-kinds.ts'
import { markerLabel } from './marker-label.ts'
import type { Peaks } from './peaks.ts'
import { styleWaveform } from './waveform-style.ts'

/** Of one channel [px]. */
const CHANNEL_PX = 64

interface WaveformProps {
  readonly audio: HTMLAudioElement
  /** Absent: they are being found. */
  readonly peaks: Peaks | undefined
  /** They could not be found. */
  readonly failed: boolean
  readonly zoom: number
  readonly positionMs: number
  readonly playing: boolean
  /** Of this stream. */
  readonly markers: readonly Marker[]
  onMarker(marker: Marker): void
}

/**
 * The sound of both ends, one above the other, and what happened over it.
 *
 * ```
 *   signs      ▾      ▾▾        ▾
 *   caller   ▁▃▅▂▁____|▁▂▅▃▁____|____
 *   agent    _____▁▅▇▃|_________|▁▃▅▂   as it was heard
 * ```
 */
export function Waveform({
  audio,
  peaks,
  failed,
  zoom,
  positionMs,
  playing,
  markers,
  onMarker,
}: WaveformProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const channels = peaks?.channels.length ?? 2
  useWaveSurfer(box, audio, peaks)
  useInView(scroller, playing, peaks === undefined ? 0 : positionMs / peaks.durationMs)
  return (
    <div class="wave-frame">
      <div class="wave-names" aria-hidden="true">
        <span>{t('speaker.caller')}</span>
        {channels > 1 && <span>{t('player.agentHeard')}</span>}
      </div>
      <div class="wave-scroll" ref={scroller}>
        <div class="wave-zoomed" style={{ width: `${zoom * 100}%` }}>
          <div class="wave-markers" aria-hidden="true">
            {peaks !== undefined &&
              markers.map((marker, index) => (
                <MarkerSign
                  key={`${index} ${marker.kind} ${marker.atMs} ${marker.label}`}
                  marker={marker}
                  durationMs={peaks.durationMs}
                  onMarker={onMarker}
                />
              ))}
          </div>
          <div class={`wave wave-${channels}`} ref={box} />
        </div>
      </div>
      {peaks === undefined && !failed && <p class="quiet wave-wait">{t('page.loading')}</p>}
    </div>
  )
}

interface MarkerSignProps {
  readonly marker: Marker
  readonly durationMs: number
  onMarker(marker: Marker): void
}

/** Reached with a mouse only: the list beside it says the same to the keyboard. */
function MarkerSign({ marker, durationMs, onMarker }: MarkerSignProps): JSX.Element {
  const percent = (ms: number) => `${Math.min(100, (ms / Math.max(1, durationMs)) * 100)}%`
  const lengthMs = marker.untilMs === undefined ? 0 : marker.untilMs - marker.atMs
  const title = `${momentOf(marker.atMs)} ${t(`marker.${marker.kind}`)} ${markerLabel(marker)}`
  return (
    <button
      type="button"
      tabIndex={-1}
      class={`wave-mark mark-${marker.kind}${lengthMs > 0 ? ' has-length' : ''}`}
      style={{ left: percent(marker.atMs), width: lengthMs > 0 ? percent(lengthMs) : '' }}
      title={title}
      onClick={() => onMarker(marker)}
    >
      {marker.kind !== 'turn' && <Icon name={markerIcons[marker.kind]} size={13} />}
    </button>
  )
}

type Box = { readonly current: HTMLDivElement | null }

function useWaveSurfer(box: Box, audio: HTMLAudioElement, peaks: Peaks | undefined): void {
  useEffect(() => {
    const container = box.current
    if (peaks === undefined || container === null) return
    let surfer: WaveSurfer | undefined
    let isGone = false
    const draw = async () => {
      const { default: Surfer } = await import('wavesurfer.js')
      if (isGone) return
      surfer = Surfer.create({
        container,
        media: audio,
        peaks: [...peaks.channels],
        duration: peaks.durationMs / 1000,
        height: CHANNEL_PX,
        barWidth: 2,
        barGap: 1,
        barRadius: 1,
        cursorWidth: 2,
        dragToSeek: true,
        hideScrollbar: true,
        autoScroll: false,
        ...coloursOf(container, peaks.channels.length),
      })
      styleWaveform(surfer.getWrapper(), CHANNEL_PX * peaks.channels.length)
    }
    void draw()
    const off = onTheme(() => surfer?.setOptions(coloursOf(container, peaks.channels.length)))
    return () => {
      isGone = true
      off()
      surfer?.destroy()
    }
  }, [box, audio, peaks])
}

/** A canvas knows no custom properties: the colours are asked of an element that is coloured by them. */
function coloursOf(container: HTMLElement, channels: number) {
  const probe = container.appendChild(document.createElement('i'))
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const of = (who: string) => ({ waveColor: colour(`${who}-soft`), progressColor: colour(who) })
  const [caller, agent, cursorColor] = [of('caller'), of('agent'), colour('ink')]
  probe.remove()
  return { ...caller, cursorColor, ...(channels > 1 ? { splitChannels: [caller, agent] } : {}) }
}

/** Zoomed in, where it plays stays in view. */
function useInView(scroller: Box, playing: boolean, part: number): void {
  useEffect(() => {
    const element = scroller.current
    if (element === null || !playing || element.scrollWidth <= element.clientWidth) return
    const x = part * element.scrollWidth
    if (x < element.scrollLeft || x > element.scrollLeft + element.clientWidth * 0.9) {
      element.scrollLeft = x - element.clientWidth * 0.1
    }
  }, [scroller, playing, part])
}

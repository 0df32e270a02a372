import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Marker } from '../../api.ts'
import { momentOf, tookOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { markerIcons, markerKinds } from './marker-kinds.ts'
import { markerLabel } from './marker-label.ts'
import type { Seek } from './playing.ts'

interface MarkerListProps {
  readonly markers: readonly Marker[]
  readonly seek: Seek | undefined
}

/** What is marked on the waveform, as a list: for the keyboard, and where there is no waveform. */
export function MarkerList({ markers, seek }: MarkerListProps): JSX.Element | null {
  // Turns are what the transcript shows; they are asked for.
  const [hidden, setHidden] = useState<readonly Marker['kind'][]>(['turn'])
  const kinds = markerKinds.filter((kind) => markers.some((marker) => marker.kind === kind))
  if (kinds.length === 0) return null
  const shown = markers.filter((marker) => !hidden.includes(marker.kind))
  return (
    <section class="card" aria-labelledby="markers-title">
      <h2 id="markers-title">{t('markers.title')}</h2>
      <fieldset class="chips">
        <legend class="sr-only">{t('markers.show')}</legend>
        {kinds.map((kind) => (
          <label key={kind} class={`chip mark-${kind}`}>
            <input
              type="checkbox"
              checked={!hidden.includes(kind)}
              onChange={() =>
                setHidden(hidden.includes(kind) ? hidden.filter((other) => other !== kind) : [...hidden, kind])
              }
            />
            <Icon name={markerIcons[kind]} size={14} /> {t(`marker.${kind}`)}{' '}
            <span class="quiet tabular">{markers.filter((marker) => marker.kind === kind).length}</span>
          </label>
        ))}
      </fieldset>
      <ol class="marker-list">
        {shown.map((marker, index) => (
          <li key={`${index} ${marker.stream} ${marker.atMs} ${marker.kind} ${marker.label}`}>
            <MarkerLine marker={marker} seek={seek} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function MarkerLine({ marker, seek }: { marker: Marker; seek: Seek | undefined }): JSX.Element {
  const content = (
    <>
      <span class="tabular quiet">{momentOf(marker.atMs)}</span>
      <span class={`marker-sign mark-${marker.kind}`}>
        <Icon name={markerIcons[marker.kind]} size={15} />
      </span>
      <span>
        {t(`marker.${marker.kind}`)}
        {marker.label !== '' && <span class="quiet"> {markerLabel(marker)}</span>}
      </span>
      {marker.untilMs !== undefined && (
        <span class="tabular quiet marker-took">{tookOf(marker.untilMs - marker.atMs, language())}</span>
      )}
    </>
  )
  if (seek === undefined) return <span class="marker-line">{content}</span>
  return (
    <button type="button" class="marker-line" onClick={() => seek(marker.stream, marker.atMs)}>
      {content}
    </button>
  )
}

import type { Marker } from '../../api.ts'
import { t } from '../i18n.ts'

/** What a marker says beside its kind: words for what the server has a fixed name for, else (a tool, a key) as it is. */
export function markerLabel({ kind, label }: Marker): string {
  if (kind === 'tool' || kind === 'key' || kind === 'reconnect') return label
  switch (label) {
    case 'caller':
    case 'agent':
      return t(`speaker.${label}`)
    case 'local':
    case 'model':
    case 'digits':
    case 'whispered':
    case 'transferred':
    case 'took-over':
    case 'handed-back':
    case 'hung-up':
      return t(`label.${label}`)
    default:
      return label
  }
}

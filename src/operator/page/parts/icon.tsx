import type { JSX } from 'preact'

// Strokes on a grid of 24, drawn for this page.
const PATHS = {
  board: 'M4 5h16v5H4zM4 14h7v5H4zM15 14h5v5h-5z',
  history: 'M12 7v5l3.5 2M4.5 9A8 8 0 1 1 4 13M4 4.5V9h4.5',
  phone: 'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4.5 6.2 2 2 0 0 1 6.5 4z',
  hangUp: 'M3 14.5c0-6 18-6 18 0v2l-5 .8v-3a14 14 0 0 0-8 0v3l-5-.8z',
  transfer: 'M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4',
  whisper: 'M4 5h16v11h-8l-4.5 4v-4H4zM8 10.5h.01M12 10.5h.01M16 10.5h.01',
  listen: 'M4 15v-3a8 8 0 0 1 16 0v3M4 14h3v6H5a1 1 0 0 1-1-1zM20 14h-3v6h2a1 1 0 0 0 1-1z',
  takeOver: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  handBack: 'M9 5 4 10l5 5M4 10h10a6 6 0 0 1 0 12h-3',
  caller: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20a7.5 7.5 0 0 1 15 0',
  agent: 'M6 8h12v10H6zM12 8V4M9.5 12.5v1.5M14.5 12.5v1.5M3.5 11v4M20.5 11v4',
  both: 'M8 5v14M12 8v8M16 3v18M4 10v4M20 10v4',
  silence: 'M5 12h14',
  tool: 'M14.5 5.5a4 4 0 0 0 4.7 5.2L10 20a2.1 2.1 0 0 1-3-3l9.2-9.2',
  bargeIn: 'M13 3 5 14h6l-1 7 8-11h-6z',
  turn: 'M5 6h14v9h-7l-4 4v-4H5z',
  hold: 'M9 5v14M15 5v14',
  reconnect: 'M4 12a8 8 0 0 1 14-5.3L20 9M20 4v5h-5M20 12a8 8 0 0 1-14 5.3L4 15M4 20v-5h5',
  key: 'M5 4h3v3H5zM10.5 4h3v3h-3zM16 4h3v3h-3zM5 10.5h3v3H5zM10.5 10.5h3v3h-3zM16 10.5h3v3h-3zM10.5 17h3v3h-3z',
  operator: 'M12 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM5 20a7 7 0 0 1 14 0M5.5 9a6.5 6.5 0 0 1 13 0v2',
  play: 'M8 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14',
  save: 'M5 4h11l3 3v13H5zM8.5 4v5h6V4M8.5 20v-6h7v6',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.300v.01',
  good: 'M4.5 12.5 10 18 19.5 7',
  bad: 'M6 6l12 12M18 6 6 18',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l4.5 4.5',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.700 1.700M17.300 17.300 19 19M5 19l1.700-1.700M17.300 6.700 19 5',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  contrast: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 4v16M12 8h5.5M12 12h8M12 16h5.5',
  language: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM4 12h16M12 4c-5 5-5 11 0 16M12 4c5 5 5 11 0 16',
  signOut: 'M10 4H5v16h5M15 8l4 4-4 4M19 12H9',
  back: 'M14.5 5l-7 7 7 7',
  next: 'M9.5 5l7 7-7 7',
} as const

/** What an icon can show. */
export type IconName = keyof typeof PATHS

/** A sign that stands beside words, or in a button that is labelled: screen readers pass over it. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      class={`icon icon-${name}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

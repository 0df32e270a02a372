// What wavesurfer.js writes into its shadow tree itself, where a page's policy lets it (see vite.config.ts).
const RULES = `
:host { user-select: none; min-width: 1px; }
.scroll { overflow-x: auto; overflow-y: hidden; width: 100%; position: relative; }
.noScrollbar { scrollbar-width: none; }
.wrapper { position: relative; overflow: visible; z-index: 2; }
.canvases { pointer-events: none; }
.canvases > div, .progress > div { position: relative; }
canvas { display: block; position: absolute; top: 0; image-rendering: pixelated; }
.progress { pointer-events: none; position: absolute; z-index: 2; top: 0; left: 0; width: 0; height: 100%; overflow: hidden; }
.cursor { pointer-events: none; position: absolute; z-index: 5; top: 0; left: 0; height: 100%; border-radius: 2px; }
`

/** Gives the shadow tree that `inside` stands in the style it needs; `height` [px] of all channels. */
export function styleWaveform(inside: Element, height: number): void {
  const root = inside.getRootNode()
  if (!(root instanceof ShadowRoot)) return
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`${RULES} .canvases { min-height: ${height}px; }`)
  root.adoptedStyleSheets = [sheet]
}

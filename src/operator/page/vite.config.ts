import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

/**
 * The page's policy lets in no style that stands in the markup. The waveform brings one along, in its own shadow tree;
 * it is taken out here, and call/waveform-style.ts gives it back as a sheet, which the policy allows.
 */
const withoutInlineStyle: Plugin = {
  name: 'without-inline-style',
  transform(code, id) {
    if (!/wavesurfer\.js\/dist\/wavesurfer\.esm\.js/.test(id)) return
    const without = code.replace(/<style\$\{[\s\S]*?<\/style>/, '')
    if (without === code)
      this.error('wavesurfer.js no longer brings the style that is taken out here: look at it again')
    return { code: without, map: null }
  },
}

export default defineConfig({
  // Found wherever a proxy puts the page.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [withoutInlineStyle],
  build: {
    outDir: fileURLToPath(new URL('../../../dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // `light-dark()` is left as it is: what it would be lowered to needs the scheme in a class.
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    sourcemap: false,
    // A policy without `data:` for scripts and fonts: every file is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } } },
})

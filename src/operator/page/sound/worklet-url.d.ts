/** Vite bundles the module into a file of its own, as a worker's, and this is where that file is. */
declare module '*?worker&url' {
  const url: string
  // biome-ignore lint/style/noDefaultExport: this is how Vite says it
  export default url
}

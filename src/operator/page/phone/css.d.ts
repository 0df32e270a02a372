/** Vite puts the sheet beside the part of the page that asks for it. */
declare module '*.css'

/** A tool's name as logs and traces may have it: it is the model's to say, and a caller can talk the model into words. */
export function shownToolName(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'unnamed'
}

/** What was made of a call when it was over. As private as the words. */
export interface Analysis {
  /** Who made it: a model's name, or `counts`: no model was asked. */
  readonly by: string
  /** In the operator's shape; by default `summary`, `outcome`, `sentiment` and `followUps`. */
  readonly result: Readonly<Record<string, unknown>>
}

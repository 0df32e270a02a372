/** What became of an analysis. */
export type AnalysisOutcome =
  /** By a model. */
  | 'done'
  /** By counting: no model is asked in this house. */
  | 'counted'
  /** An attempt that is made again. */
  | 'retried'
  /** The model's answer was not of the shape, and it is asked to correct it. */
  | 'repaired'
  /** For good: refused, or tried often enough, or never of the shape. */
  | 'failed'
  /** Too many wait already. */
  | 'refused'

/** What became of a webhook. */
export type WebhookOutcome =
  | 'delivered'
  /** An attempt that is made again. */
  | 'retried'
  /** The receiver does not want it. */
  | 'refused'
  /** Tried for an hour. */
  | 'given-up'
  /** Too many wait already: the oldest went. */
  | 'dropped'

/** Counts what became of things. */
export type CountOutcome = {
  (kind: 'analysis', outcome: AnalysisOutcome): void
  (kind: 'webhook', outcome: WebhookOutcome): void
}

import type { News, Order } from './messages.ts'

/** Tells the bench, whose child this process is. */
export function tell(news: News): void {
  process.send?.(news)
}

/** Obeys the bench; an error, or the end of the bench, ends this process. */
export function obey(handle: (order: Order) => void | Promise<void>): void {
  const fail = (error: unknown) => {
    tell({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  process.on('disconnect', () => process.exit(0))
  process.on('message', (order: Order) => void Promise.resolve(handle(order)).catch(fail))
}

/** The JSON in the first argument: whoever started us wrote it. */
export function setup<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}

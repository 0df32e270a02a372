import { createHash } from 'node:crypto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from '../base/log.ts'
import { CallSpans } from './call-spans.ts'
import type { CallTraces, TracesOptions } from './traces.ts'

const MAX_WAITING_SPANS = 2048
/** For one batch, tries included [ms]. */
const EXPORT_MS = 5000
const COMPLAIN_EVERY_MS = 60_000

/** Sets up what turns calls into spans and sends them. Nothing of it is global, and nothing else is instrumented. */
export function openExport({ endpoint, headers, serviceName, log, ...options }: TracesOptions): CallTraces {
  const { now = Date.now, delayMs = 5000, closeMs = 3000 } = options
  const ids = new CallIds()
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: headersOf(headers),
    ...{ timeoutMillis: EXPORT_MS, concurrencyLimit: 2 },
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    idGenerator: ids,
    // A call of hours has many holds; the latest of them are not worth more memory than this.
    spanLimits: { eventCountLimit: 256 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new PatientExporter(exporter, log, now),
        ...{ maxQueueSize: MAX_WAITING_SPANS, maxExportBatchSize: 512 },
        ...{ scheduledDelayMillis: delayMs, exportTimeoutMillis: EXPORT_MS + 1000 },
      }),
    ],
  })
  const spans = new CallSpans(provider.getTracer('offhook'), { now, begin: (callId) => ids.begin(callId) })
  return {
    take: (callId, event) => spans.take(callId, event),
    async [Symbol.asyncDispose]() {
      spans.end()
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(late.resolve, closeMs)
      // What could not be sent was complained of.
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise])
      clearTimeout(timer)
    },
  }
}

/** `name=value,name=value`; what is no pair, or no good encoding, is taken as it stands or left out. */
function headersOf(text = ''): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const]
  })
  return Object.fromEntries(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** All streams of a call are in one trace, and who knows the call finds it: Twilio's `CA` and 32 hex digits are its id. */
class CallIds implements IdGenerator {
  readonly #random = new RandomIdGenerator()
  #next: string | undefined

  begin(callId: string): void {
    const hex = /^CA([0-9a-f]{32})$/i.exec(callId)?.[1]?.toLowerCase()
    this.#next = hex ?? createHash('sha256').update(callId).digest('hex').slice(0, 32)
  }

  generateTraceId(): string {
    const id = this.#next ?? this.#random.generateTraceId()
    this.#next = undefined
    // All zeros are no id.
    return /^0+$/.test(id) ? this.#random.generateTraceId() : id
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}

type ResultOf = Parameters<SpanExporter['export']>[1]

/** Says once a minute that nothing arrives. */
class PatientExporter implements SpanExporter {
  readonly #inner: SpanExporter
  readonly #log: Logger
  readonly #now: () => number
  #saidAt = Number.NEGATIVE_INFINITY
  #lost = 0

  constructor(inner: SpanExporter, log: Logger, now: () => number) {
    this.#inner = inner
    this.#log = log
    this.#now = now
  }

  export(spans: Parameters<SpanExporter['export']>[0], done: ResultOf): void {
    this.#inner.export(spans, (result) => {
      if (result.error !== undefined) this.#complain(spans.length, result.error)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown()
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.()
  }

  #complain(spans: number, error: Error): void {
    this.#lost += spans
    const at = this.#now()
    if (at - this.#saidAt < COMPLAIN_EVERY_MS) return
    this.#saidAt = at
    this.#log.warn({ lost: this.#lost, reason: error.message.slice(0, 200) }, 'the collector does not take our traces')
    this.#lost = 0
  }
}

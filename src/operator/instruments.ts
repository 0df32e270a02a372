import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Vitals } from './vitals.ts'

/** The value of each label; every one has to be of a small set that we know, or the scraper drowns in series. */
type Labels<L extends string> = Readonly<Record<L, string>>

/** A total that only grows. What is no amount (negative, not a number) is not counted: a model's own figures come here. */
export interface Total<L extends string> {
  add(labels: Labels<L>, amount?: number): void
  /** Forgets what was counted: for a total that somebody else keeps, just before it is added. */
  restart(): void
}

/** What is so at the moment. */
export interface Level<L extends string> {
  set(labels: Labels<L>, value: number): void
}

/** How values are spread. */
export interface Spread {
  observe(value: number): void
}

/** Makes what is measured, under `offhook_…`, and writes it down as a scraper reads it. */
export class Instruments {
  readonly #registry = new Registry()

  counter<L extends string>(name: string, help: string, ...labels: readonly L[]): Total<L> {
    const counter = new Counter({ ...this.#named(name, help), labelNames: [...labels] })
    return {
      add(given, amount = 1) {
        if (Number.isFinite(amount) && amount >= 0) counter.inc(given, amount)
      },
      restart: () => counter.reset(),
    }
  }

  gauge<L extends string>(name: string, help: string, ...labels: readonly L[]): Level<L> {
    const gauge = new Gauge({ ...this.#named(name, help), labelNames: [...labels] })
    return { set: (given, value) => gauge.set(given, value) }
  }

  histogram(name: string, help: string, buckets: readonly number[]): Spread {
    const histogram = new Histogram({ ...this.#named(name, help), buckets: [...buckets] })
    return {
      observe(value) {
        if (Number.isFinite(value)) histogram.observe(value)
      },
    }
  }

  /** All of it, and the vitals of processes, as one page. */
  async page(vitals: readonly Vitals[]): Promise<{ readonly type: string; readonly body: string }> {
    const view = AggregatorRegistry.aggregate([await this.#registry.getMetricsAsJSON(), ...vitals])
    return { type: view.contentType, body: await view.metrics() }
  }

  #named(name: string, help: string) {
    return { name: `offhook_${name}`, help, registers: [this.#registry] }
  }
}

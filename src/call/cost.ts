import type { ProviderUsage } from './archive.ts'

/** What a provider bills, in the operator's currency for a million tokens of each kind. */
interface TokenPrices {
  readonly textIn: number
  readonly audioIn: number
  readonly textOut: number
  readonly audioOut: number
}

/** By provider. */
export type PriceList = Readonly<Record<string, TokenPrices>>

const MILLION = 1_000_000

/** What tokens cost, in the currency of the list; `undefined`: none of them has a price. */
export function costOf(usage: readonly ProviderUsage[], prices: PriceList): number | undefined {
  let cost: number | undefined
  for (const { provider, inputTokens, inputAudioTokens, outputTokens, outputAudioTokens } of usage) {
    const price = prices[provider]
    if (price === undefined) continue
    cost =
      (cost ?? 0) +
      ((inputTokens - inputAudioTokens) * price.textIn +
        inputAudioTokens * price.audioIn +
        (outputTokens - outputAudioTokens) * price.textOut +
        outputAudioTokens * price.audioOut) /
        MILLION
  }
  return cost
}

import type { JSX } from 'preact'
import type { HouseHealth } from '../../api.ts'
import { spanOf, tookOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'

interface Sign {
  readonly name: string
  readonly value: string
  readonly note?: string
  readonly kind: 'good' | 'warn' | 'bad'
}

/** Store writes this late are worth a look [ms]; they should be there within 200 ms. */
const LATE_STORE_MS = 2000

/** Limits and health at a glance: a sign each, with words where something is wrong. */
export function Health({ health }: { health: HouseHealth }): JSX.Element {
  return (
    <section aria-label={t('health.title')}>
      <dl class="signs">
        {signsOf(health).map(({ name, value, note, kind }) => (
          <div key={name} class={`sign sign-${kind}`}>
            <dt>{name}</dt>
            <dd>
              {kind !== 'good' && <Icon name="warning" size={16} />}
              <span class="sign-value">{value}</span>
              {note !== undefined && <span class="sign-note">{note}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function signsOf(health: HouseHealth): readonly Sign[] {
  const lang = language()
  const { liveCalls, maxCalls, open, lagMs, maxLagMs } = health
  const signs: Sign[] = [
    {
      name: t('health.calls'),
      value: t('health.ofMax', { live: liveCalls, max: maxCalls }),
      note: open ? t('health.open') : t('health.closed'),
      kind: open ? (liveCalls >= maxCalls * 0.9 ? 'warn' : 'good') : 'bad',
    },
    {
      name: t('health.lag'),
      value: tookOf(lagMs, lang),
      note: t('health.maxLag', { lag: tookOf(maxLagMs, lang) }),
      kind: lagMs >= maxLagMs ? 'bad' : lagMs >= maxLagMs / 2 ? 'warn' : 'good',
    },
    storeSign(health),
  ]
  if (health.workers.length > 0) signs.push(workersSign(health.workers))
  signs.push({ name: t('health.uptime'), value: spanOf(health.uptimeMs, lang), kind: 'good' })
  return signs
}

function storeSign({ store, keptIn }: HouseHealth): Sign {
  const name = t('health.store')
  if (store.failing)
    return { name, value: t('health.storeFailing'), note: t('health.waiting', { n: store.waiting }), kind: 'bad' }
  if (store.dropped > 0) return { name, value: t('health.dropped', { n: store.dropped }), note: keptIn, kind: 'bad' }
  if (store.lagMs >= LATE_STORE_MS) {
    return { name, value: t('health.late', { lag: tookOf(store.lagMs, language()) }), note: keptIn, kind: 'warn' }
  }
  return { name, value: t('health.storeGood'), note: keptIn, kind: 'good' }
}

function workersSign(workers: HouseHealth['workers']): Sign {
  const ready = workers.filter((worker) => worker.ready).length
  const deaths = workers.reduce((sum, worker) => sum + worker.deaths, 0)
  return {
    name: t('health.workers'),
    value: t('health.ready', { ready, all: workers.length }),
    ...(deaths > 0 ? { note: t('health.deaths', { n: deaths }) } : {}),
    kind: ready === 0 ? 'bad' : ready < workers.length ? 'warn' : 'good',
  }
}

import type { JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { t } from '../i18n.ts'
import { ticksUpTo } from './scale.ts'

/** One series: a bar or a point for each label; `undefined`: nothing was measured there. */
interface Series {
  readonly name: string
  readonly values: readonly (number | undefined)[]
  readonly draw: 'bars' | 'line'
  /** Which of the chart's colours. */
  readonly tone: 'a' | 'b'
}

interface ChartProps {
  readonly title: string
  /** What the labels are, as the head of the table's first column. */
  readonly labelName: string
  readonly labels: readonly string[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  /** Called with the index of the bar that was clicked. */
  readonly onPick?: ((index: number) => void) | undefined
}

/** Bars and lines over time, drawn to whatever width there is; and the same as a table, for who cannot see it. */
export function Chart({ title, labelName, labels, series, format, onPick }: ChartProps): JSX.Element {
  const titleId = useId()
  const ticks = ticksUpTo(Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0))))
  const top = ticks.at(-1) ?? 1
  return (
    <figure class="chart">
      <figcaption id={titleId}>
        <span class="chart-title">{title}</span>
        {series.length > 1 &&
          series.map(({ name, tone }) => (
            <span key={name} class={`legend tone-${tone}`}>
              {name}
            </span>
          ))}
      </figcaption>
      <div class="chart-frame" role="img" aria-labelledby={titleId}>
        <div class="chart-ticks tabular">
          {ticks.toReversed().map((tick) => (
            <span key={tick}>{format(tick)}</span>
          ))}
        </div>
        <svg class="chart-plot" viewBox={`0 0 ${labels.length} 100`} preserveAspectRatio="none" aria-hidden="true">
          {ticks.map((tick) => (
            <line
              key={tick}
              class="chart-grid"
              x1="0"
              x2={labels.length}
              y1={100 - (tick / top) * 100}
              y2={100 - (tick / top) * 100}
            />
          ))}
          {series.map((one) =>
            one.draw === 'bars' ? (
              <Bars key={one.name} series={one} top={top} labels={labels} format={format} onPick={onPick} />
            ) : (
              <Line key={one.name} series={one} top={top} />
            ),
          )}
        </svg>
        <div class="chart-labels tabular">
          {edgesOf(labels).map((label, index) => (
            <span key={index}>{label}</span>
          ))}
        </div>
      </div>
      <details class="chart-table">
        <summary>{t('chart.table')}</summary>
        <ChartTable title={title} labelName={labelName} labels={labels} series={series} format={format} />
      </details>
    </figure>
  )
}

interface BarsProps extends Pick<ChartProps, 'labels' | 'format' | 'onPick'> {
  readonly series: Series
  readonly top: number
}

function Bars({ series, top, labels, format, onPick }: BarsProps): JSX.Element {
  const bars = usePicking(onPick)
  // A few bars would be as wide as a hand.
  const width = Math.min(0.72, 0.05 * labels.length + 0.1)
  return (
    <g ref={bars} class={`bars tone-${series.tone}${onPick === undefined ? '' : ' is-pickable'}`}>
      {series.values.map((value, index) =>
        value === undefined ? null : (
          <rect
            key={index}
            x={index + (1 - width) / 2}
            width={width}
            y={100 - (value / top) * 100}
            height={(value / top) * 100}
            data-index={index}
          >
            <title>{`${labels[index]}: ${format(value)}`}</title>
          </rect>
        ),
      )}
    </g>
  )
}

/** For the mouse alone: what a bar leads to stands in a list beside the chart, where the keyboard reaches it. */
function usePicking(onPick: ((index: number) => void) | undefined): { readonly current: SVGGElement | null } {
  const bars = useRef<SVGGElement>(null)
  useEffect(() => {
    const element = bars.current
    if (element === null || onPick === undefined) return
    const onClick = ({ target }: Event) => {
      const bar = target instanceof Element ? target.closest('rect') : null
      if (bar !== null) onPick(Number(bar.dataset['index']))
    }
    element.addEventListener('click', onClick)
    return () => element.removeEventListener('click', onClick)
  }, [onPick])
  return bars
}

function Line({ series, top }: { series: Series; top: number }): JSX.Element {
  const points = series.values.flatMap((value, index) =>
    value === undefined ? [] : [[index + 0.5, 100 - (value / top) * 100] as const],
  )
  return (
    <g class={`trend tone-${series.tone}`}>
      <polyline points={points.map(([x, y]) => `${x},${y}`).join(' ')} />
      {/* A line of no length with round ends is a dot that keeps its shape, however the plot is stretched. */}
      {points.length <= 60 && points.map(([x, y]) => <path key={x} d={`M${x} ${y}h0`} />)}
    </g>
  )
}

/** The first, the last and one between are enough to know where one is. */
function edgesOf(labels: readonly string[]): readonly string[] {
  if (labels.length <= 3) return labels
  return [labels[0] ?? '', labels[Math.floor(labels.length / 2)] ?? '', labels.at(-1) ?? '']
}

function ChartTable({ title, labelName, labels, series, format }: ChartProps): JSX.Element {
  return (
    <div class="table-scroll">
      <table class="table">
        <caption class="sr-only">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{labelName}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, index) => (
            <tr key={index}>
              <th scope="row">{label}</th>
              {series.map(({ name, values }) => {
                const value = values[index]
                return (
                  <td key={name} class="num">
                    {value === undefined ? '–' : format(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

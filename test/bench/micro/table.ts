/** A table of figures, ready to be printed or kept. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** As Markdown; the first column is words, the others figures. */
export function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${head.map((_, i) => cells[i] ?? '').join(' | ')} |`
  const rule = line(head.map((_, i) => (i === 0 ? '---' : '--:')))
  return [`### ${title}`, '', line(head), rule, ...rows.map(line), ''].join('\n')
}

/** With so many digits after the point; without a minus before zero; `none` for a level of nothing. */
export function decimals(value: number, digits = 1): string {
  if (value === -Infinity) return 'none'
  return value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, '$1')
}

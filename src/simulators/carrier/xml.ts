/** One element of a small XML document. Text of children is not part of `text`. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Its own character data, entities resolved, trimmed. */
  readonly text: string
}

interface Open {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: XmlElement[]
  text: string
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const NAME = '[A-Za-z_:][\\w:.-]*'
const TAG = new RegExp(`^<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`)
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g')
const CLOSING = new RegExp(`^</(${NAME})\\s*>`)
const MAX_DEPTH = 50

/** The five named entities and character references; anything else is refused, as are document type definitions. */
function resolveEntities(text: string): string {
  return text.replace(/&([^;\s&]*);?/g, (whole, entity: string) => {
    if (!whole.endsWith(';')) throw new SyntaxError('an & that begins no entity')
    const named = NAMED[entity]
    if (named !== undefined) return named
    const code = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(entity)
    const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] ? 16 : 10)
    if (!(point <= 0x10ffff)) throw new SyntaxError(`unknown entity ${whole}`)
    return String.fromCodePoint(point)
  })
}

function attributesOf(source: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', double, single] of source.matchAll(ATTRIBUTE)) {
    if (Object.hasOwn(attributes, name)) throw new SyntaxError(`attribute ${name} twice`)
    attributes[name] = resolveEntities(double ?? single ?? '')
  }
  return attributes
}

/** Length of a comment, declaration or CDATA section at the head of `rest`, and the text it stands for; else undefined. */
function markupOf(rest: string): { readonly length: number; readonly text: string } | undefined {
  for (const [start, end] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!rest.startsWith(start)) continue
    const at = rest.indexOf(end, start.length)
    if (at < 0) throw new SyntaxError(`${start} without ${end}`)
    return { length: at + end.length, text: start === '<![CDATA[' ? rest.slice(start.length, at) : '' }
  }
  return undefined
}

/**
 * Reads the XML that TwiML needs: one root, elements, quoted attributes, text, comments, CDATA.
 * @throws SyntaxError when it is not well formed, or has a document type or entities of its own.
 */
export function readXml(source: string): XmlElement {
  const root: Open = { name: '', attributes: {}, children: [], text: '' }
  const open: Open[] = [root]
  let rest = source.replace(/^\uFEFF/, '')
  while (rest !== '') {
    const top = open.at(-1) ?? root
    const text = /^[^<]+/.exec(rest)?.[0]
    const markup = text === undefined ? markupOf(rest) : undefined
    if (text !== undefined) {
      top.text += resolveEntities(text)
      rest = rest.slice(text.length)
    } else if (markup !== undefined) {
      top.text += markup.text
      rest = rest.slice(markup.length)
    } else {
      rest = rest.slice(readTag(rest, open, top))
    }
  }
  const [document] = root.children
  if (open.length > 1) throw new SyntaxError(`<${open.at(-1)?.name}> is not closed`)
  if (document === undefined || root.children.length > 1)
    throw new SyntaxError('there must be exactly one root element')
  if (root.text.trim() !== '') throw new SyntaxError('text outside of the root element')
  return document
}

/** Opens or closes the element whose tag is at the head of `rest`; returns the tag's length. */
function readTag(rest: string, open: Open[], top: Open): number {
  const closing = CLOSING.exec(rest)
  if (closing !== null) {
    if (open.length === 1 || closing[1] !== top.name) throw new SyntaxError(`</${closing[1]}> closes nothing`)
    open.pop()
    open.at(-1)?.children.push({ ...top, text: top.text.trim() })
    return closing[0].length
  }
  const tag = TAG.exec(rest)
  if (tag === null) throw new SyntaxError(`not a tag: ${rest.slice(0, 40)}`)
  const element: Open = { name: tag[1] ?? '', attributes: attributesOf(tag[2] ?? ''), children: [], text: '' }
  if (tag[3] === '/') top.children.push(element)
  else if (open.push(element) > MAX_DEPTH) throw new SyntaxError(`deeper than ${MAX_DEPTH} elements`)
  return tag[0].length
}

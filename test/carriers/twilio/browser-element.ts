import type { XmlElement } from '../../../src/operator/page/phone/twiml.ts'
import type { XmlElement as SimulatedElement } from '../../../src/simulators/carrier/xml.ts'

/** An element of a document as a browser would have it. */
export function asInBrowser({ name, attributes, children, text }: SimulatedElement): XmlElement {
  return {
    tagName: name,
    textContent: text + children.map((child) => child.text).join(''),
    children: children.map(asInBrowser),
    getAttribute: (attribute) => attributes[attribute] ?? null,
  }
}

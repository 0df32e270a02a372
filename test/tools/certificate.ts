import { generateKeyPairSync, sign } from 'node:crypto'

// A certificate for servers that tests start on loopback, made anew in each run, so that no key lies in the tree. Node
// makes keys and signs, but writes no certificates; this is the little DER (X.690) that an X.509 one takes (RFC 5280).

/** One element: its tag, its length, what it holds. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.of(tag, ...size), content])
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const oid = (...bytes: readonly number[]) => der(0x06, Uint8Array.from(bytes))
const text = (tag: number, value: string) => der(tag, Buffer.from(value, 'latin1'))
const bits = (value: Uint8Array) => der(0x03, Uint8Array.of(0), value)
/** `yyyymmddhhmmssZ`. */
const time = (date: Date) => text(0x18, `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`)
const extension = (id: Buffer, critical: boolean, value: Buffer) =>
  sequence(id, ...(critical ? [der(0x01, Uint8Array.of(0xff))] : []), der(0x04, value))

const DAY_MS = 24 * 3600 * 1000
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), text(0x0c, 'service.test'))))
const validity = sequence(time(new Date(Date.now() - DAY_MS)), time(new Date(Date.now() + DAY_MS)))
const basicConstraints = extension(oid(0x55, 0x1d, 0x13), true, sequence(der(0x01, Uint8Array.of(0xff))))
const alternativeNames = extension(
  oid(0x55, 0x1d, 0x11),
  false,
  sequence(text(0x82, 'service.test'), text(0x82, '*.service.test'), der(0x87, Uint8Array.of(127, 0, 0, 1))),
)
const body = sequence(
  der(0xa0, der(0x02, Uint8Array.of(2))),
  der(0x02, Uint8Array.of(1)),
  ...[ecdsaWithSha256, name, validity, name],
  publicKey.export({ type: 'spki', format: 'der' }),
  der(0xa3, sequence(basicConstraints, alternativeNames)),
)
const whole = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, privateKey)))

/** Self-signed, for `service.test`, `*.service.test` and 127.0.0.1; good for a day either way. */
export const certificate = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`

/** Its key. */
export const certificateKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

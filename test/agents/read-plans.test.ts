import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { afterAll, describe, expect, it } from 'vitest'
import { numberKey, planFor } from '../../src/agents/plan.ts'
import { readPlans } from '../../src/agents/read-plans.ts'
import { readPlansAside } from '../../src/agents/read-plans-aside.ts'
import { levelDbfs } from '../../src/audio/level.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { readConfig, revealTwilio } from '../../src/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'offhook-agents-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const wav = (ms: number, sampleRate = 8000) => writeWav({ sampleRate, channels: [tone(440, ms, sampleRate)] })

function read(env: Readonly<Record<string, string>>) {
  const config = readConfig(env)
  const { agent, agentsFile } = config
  return readPlans({ agent, agentsFile, twilio: revealTwilio(config), env })
}

async function plansOf(env: Readonly<Record<string, string>>) {
  const result = await read(env)
  if ('problems' in result) throw new Error(result.problems.join('\n'))
  return result.plans
}

async function problemsOf(env: Readonly<Record<string, string>>) {
  const result = await read(env)
  return 'problems' in result ? result.problems : []
}

describe('plans', () => {
  it('of an environment without a file are its one agent, for every number', async () => {
    const plans = await plansOf({ AGENT_GREETING: 'Hello.' })
    expect(planFor(plans, '+15550100')).toBe(plans.default)
    expect(plans.default).toMatchObject({ where: '', greeting: { type: 'words', text: 'Hello.' } })
  })

  it('find the agent of a number exactly, and give all others the default', async () => {
    const AGENTS_FILE = file(
      'numbers.yaml',
      'numbers: { +15550100: { voice: A }, "sip:Bar@pbx.example.com": { voice: B }, "sip:foo": { voice: C } }',
    )
    const plans = await plansOf({ AGENTS_FILE, AGENT_VOICE: 'D' })
    const voice = (to: string) => planFor(plans, to).voice
    expect(['+15550100', ' +15550100 '].map(voice)).toEqual(['A', 'A'])
    expect(
      ['sip:bar@pbx.example.com', 'sip:bar@pbx.example.com;transport=tls', 'sip:foo@any.example'].map(voice),
    ).toEqual(['B', 'B', 'C'])
    expect(['+155501000', '15550100', 'sip:bar@other.example', '', '__proto__', 'anonymous'].map(voice)).toEqual(
      Array(6).fill('D'),
    )
    expect(numberKey('SIP:A@B;x=y')).toBe('sip:a@b')
  })

  it('have their recordings at the rate of the line, from the folder of the file', async () => {
    file('hello.wav', wav(500, 44_100))
    const AGENTS_FILE = file('audio.yaml', 'default: { greeting: "Hello, {{caller}}.", greetingAudio: hello.wav }')
    const { greeting } = (await plansOf({ AGENTS_FILE })).default
    if (greeting.type !== 'sound') throw new Error('no sound')
    expect(greeting.words).toBe('Hello, {{caller}}.')
    expect(greeting.sound).toHaveLength(4000)
    expect(toneDbfs(greeting.sound.subarray(400, 3600), 8000, 440)).toBeCloseTo(-12, 0)
  })

  it('cover the model’s thinking with a soft sound of their own, or with a recording', async () => {
    const { filler } = (await plansOf({})).default
    expect(filler).toHaveLength(13_600)
    expect(levelDbfs(filler.subarray(500, 900))).toBeCloseTo(-30, 0)
    expect(levelDbfs(filler.subarray(3300))).toBe(Number.NEGATIVE_INFINITY)
    const steps = [...filler].map((sample, i) => Math.abs(sample - (filler[i - 1] ?? 0)))
    // No steeper than the upper tone is itself: nothing clicks.
    expect(Math.max(...steps)).toBeLessThan(760)
    expect(Math.max(...steps.slice(0, 8))).toBeLessThan(5)
    expect((await plansOf({ FILLER_AUDIO: file('filler.wav', wav(100)) })).default.filler).toHaveLength(800 + 9600)
  })

  it('are read the same aside, where calls in this process do not wait for it', async () => {
    const AGENTS_FILE = file('aside.yaml', 'numbers: { +15550100: { greetingAudio: aside.wav } }')
    file('aside.wav', wav(300, 16_000))
    const { agent, agentsFile, twilio } = readConfig({ AGENTS_FILE })
    const sources = { agent, agentsFile, twilio: { ...twilio, authTokens: [] }, env: {} }
    expect(await readPlansAside(sources)).toEqual(readPlans(sources))
    expect(await readPlansAside({ ...sources, agentsFile: folder })).toEqual({
      problems: [`AGENTS_FILE: ${folder}: not a file`],
    })
  })

  it('cross to other processes as they are, with each recording once', async () => {
    const AGENT_GREETING_AUDIO = file('long.wav', wav(10_000))
    const AGENTS_FILE = file(
      'many.yaml',
      `numbers: {${Array.from({ length: 50 }, (_, i) => `+155501${10 + i}: {}`).join()}}`,
    )
    const plans = await plansOf({ AGENTS_FILE, AGENT_GREETING_AUDIO })
    const message = serialize(plans)
    expect(deserialize(message)).toEqual(plans)
    expect(message.length).toBeLessThan(3 * 160_000)
  })
})

describe('what is wrong with agents', () => {
  it('is told with the file and the reason, all at once', async () => {
    file('text.wav', 'not a sound')
    file('long-filler.wav', wav(11_000))
    const AGENTS_FILE = file(
      'bad-audio.yaml',
      'default: { greetingAudio: text.wav }\nnumbers: { +15550100: { greetingAudio: none.wav }, +15550101: {} }',
    )
    const FILLER_AUDIO = join(folder, 'long-filler.wav')
    expect(await problemsOf({ AGENTS_FILE, FILLER_AUDIO })).toEqual([
      `${AGENTS_FILE}: default: greetingAudio: ${join(folder, 'text.wav')}: not a WAV file: expected RIFF….WAVE at its start`,
      `FILLER_AUDIO: ${FILLER_AUDIO}: WAV: expected at most 10 s, got 11.0 s`,
      expect.stringMatching(
        `^${AGENTS_FILE}: numbers."\\+15550100": greetingAudio: ${join(folder, 'none.wav')}: ENOENT: no such file or directory`,
      ),
    ])
    expect(await problemsOf({ AGENT_GREETING_AUDIO: file('longer.wav', wav(61_000)) })).toEqual([
      `AGENT_GREETING_AUDIO: ${join(folder, 'longer.wav')}: WAV: expected at most 60 s, got 61.0 s`,
    ])
  })

  it('is told of texts that nobody pays for', async () => {
    const AGENTS_FILE = file('sms.yaml', 'numbers: { +15550100: { smsFrom: +15550100 } }')
    expect(await problemsOf({ AGENTS_FILE })).toEqual([
      `${AGENTS_FILE}: numbers."+15550100": smsFrom: it takes TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN`,
    ])
  })

  it('is told with the line in the file', async () => {
    const AGENTS_FILE = file('typo.yaml', 'default:\n  voise: x\n')
    expect(await problemsOf({ AGENTS_FILE })).toEqual([
      `${AGENTS_FILE}:2: default.voise: there is no such field; did you mean "voice"?`,
    ])
    const list = file('list.yaml', '[]')
    expect(await problemsOf({ AGENTS_FILE: list })).toEqual([`${list}: expected a map, got a list`])
  })

  it('may be the file itself', async () => {
    const problem = async (AGENTS_FILE: string) => (await problemsOf({ AGENTS_FILE })).join('\n')
    expect(await problem(join(folder, 'none.yaml'))).toMatch(/^AGENTS_FILE: .*none\.yaml: ENOENT/)
    expect(await problem(folder)).toBe(`AGENTS_FILE: ${folder}: not a file`)
    expect(await problem(file('huge.yaml', '#'.repeat(1_000_001)))).toMatch(
      /expected at most 1000000 bytes, got 1000001$/,
    )
    expect(await problem(file('latin.yaml', Uint8Array.of(0x61, 0xe9, 0xff)))).toMatch(/expected text in UTF-8$/)
  })
})

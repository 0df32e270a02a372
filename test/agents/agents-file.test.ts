import { describe, expect, it } from 'vitest'
import { readAgentsFile } from '../../src/agents/agents-file.ts'
import { draftOf } from './draft.ts'

const environment = draftOf({
  AGENT_INSTRUCTIONS: 'Be kind.',
  AGENT_VOICE: 'Tina',
  TRANSFER_TARGETS: 'sales=+15550100',
  IDLE_PROMPT_S: '7',
})

function read(text: string, env: Readonly<Record<string, string>> = {}) {
  const drafts = readAgentsFile(text, environment, env)
  if ('problems' in drafts) throw new Error(drafts.problems.join('\n'))
  return drafts
}

function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  const drafts = readAgentsFile(text, environment, env)
  return 'problems' in drafts ? drafts.problems : []
}

describe('the agents of a file', () => {
  it('inherit: a number from the default, the default from the environment', () => {
    const { default: fallback, numbers } = read(`
default:
  voice: Serena
  limits: { maxCallS: 600 }
numbers:
  +15550199:
    instructions: Sell.
    limits: { idlePromptsMax: 1 }
    turns: { silenceMs: 900 }
    bargeIn: { onDigits: true }
  +15550198:
`)
    expect(fallback).toMatchObject({
      instructions: 'Be kind.',
      voice: 'Serena',
      limits: { maxCallS: 600, idlePromptS: 7 },
    })
    expect(numbers.get('+15550199')).toMatchObject({
      instructions: 'Sell.',
      voice: 'Serena',
      limits: { maxCallS: 600, idlePromptS: 7, idlePromptsMax: 1 },
      turns: { detection: 'server_vad', silenceMs: 900 },
      bargeIn: { by: 'local+model', onDigits: true },
      transferTargets: { sales: '+15550100' },
    })
    expect(numbers.get('+15550198')).toEqual(fallback)
  })

  it('take lists and transfer targets whole, and may have none of them', () => {
    const { numbers } = read(`
numbers:
  '+15550199': { tools: [send_dtmf], transferTargets: { front desk: +15550101 } }
  '+15550198': { tools: [], transferTargets: {}, smsFrom: '' }
`)
    expect(numbers.get('+15550199')).toMatchObject({
      tools: ['send_dtmf'],
      transferTargets: { 'front desk': '+15550101' },
    })
    expect(numbers.get('+15550199')?.transferTargets).not.toHaveProperty('sales')
    expect(numbers.get('+15550198')).toMatchObject({ tools: [], transferTargets: {}, smsFrom: undefined })
  })

  it('do not put inherited words to a recording of their own, nor the other way round', () => {
    const { numbers } = read(`
default: { greeting: Hello., greetingAudio: hello.wav }
numbers:
  +15550197: {}
  +15550198: { greeting: Good day. }
  +15550199: { greetingAudio: other.wav }
`)
    expect(numbers.get('+15550197')).toMatchObject({ greeting: 'Hello.', greetingAudio: 'hello.wav' })
    expect(numbers.get('+15550198')).toMatchObject({ greeting: 'Good day.', greetingAudio: undefined })
    expect(numbers.get('+15550199')).toMatchObject({ greeting: undefined, greetingAudio: 'other.wav' })
  })

  it('may be empty, and then only the environment counts', () => {
    for (const text of ['', 'default:\nnumbers:\n', '{}', '# nothing yet\n']) {
      expect(read(text)).toEqual({ default: environment, numbers: new Map() })
    }
  })

  it('get keys in headers from the environment, and nothing anywhere else', () => {
    const { default: fallback } = read(
      `
default:
  instructions: Say \${CRM_KEY}.
  httpTools:
    - name: look_up
      description: Looks up \${CRM_KEY}.
      url: https://crm.example.com/people
      headers: { Authorization: 'Bearer \${CRM_KEY}' }
`,
      { CRM_KEY: 'k-1' },
    )
    expect(fallback.httpTools[0]).toMatchObject({
      description: `Looks up \${CRM_KEY}.`,
      headers: { Authorization: 'Bearer k-1' },
    })
    expect(fallback.instructions).toBe(`Say \${CRM_KEY}.`)
  })

  it('may share settings by anchors', () => {
    const { numbers } = read(`
numbers:
  +15550198: &shop { voice: Ethan, language: English }
  +15550199: { <<: *shop, voice: Aiden }
`)
    expect(numbers.get('+15550199')).toMatchObject({ voice: 'Aiden', language: 'English' })
  })
})

describe('a mistake in the file', () => {
  it.each([
    ['default: { voise: Tina }', '1: default.voise: there is no such field; did you mean "voice"?'],
    ['defaults: {}', '1: defaults: there is no such field; did you mean "default"?'],
    ['colour: red', '1: colour: there is no such field'],
    ['default:\n  voice: 12', '2: default.voice: expected the name of a voice, got 12'],
    [
      'default: { greeting: }',
      '1: default.greeting: expected what the agent opens with, up to 2000 characters, got nothing',
    ],
    ['default: [1]', '1: default: expected a map, got a list'],
    ['numbers: 5', '1: numbers: expected a map, got 5'],
    ['5', 'expected a map, got 5'],
    ['numbers:\n  "555": {}', '2: numbers.555: this name is not a number such as +15550100, or sip:user@host'],
    [
      'default: { limits: { maxCallS: 1.5 } }',
      '1: default.limits.maxCallS: expected a whole number from 1 to 86400, got 1.5',
    ],
    [
      'default: { limits: { maxCals: 1 } }',
      '1: default.limits.maxCals: there is no such field; did you mean "maxCallS"?',
    ],
    [
      'default: { turns: { detection: auto } }',
      '1: default.turns.detection: expected server_vad or semantic_vad or manual, got "auto"',
    ],
    ['default: { tools: [hang_up] }', '1: default.tools[0]: expected end_call or send_dtmf, got "hang_up"'],
    [
      'default: { transferTargets: { a: 555 } }',
      '1: default.transferTargets.a: expected a number such as +15550100, or sip:user@host, got 555',
    ],
    [
      'default: { transferTargets: { "a;b": +15550100 } }',
      '1: default.transferTargets."a;b": this name is not a name of up to 40 letters, digits, spaces, - and _',
    ],
    [
      'default: { smsFrom: me }',
      '1: default.smsFrom: expected a number such as +15550100, or MG and 32 hex digits, or \'\' for none, got "me"',
    ],
    ['default: { timeZone: Mars }', '1: default.timeZone: expected a time zone such as Europe/Zurich, got "Mars"'],
    ['default: { instructions: "Hi {{name}}" }', '1: default.instructions: there is no variable {{name}}'],
    ['numbers:\n  +15550100: {}\n  "+15550100": {}', '3: not YAML that we read: Map keys must be unique'],
    ['numbers:\n  +15550100: {}\n  " +15550100": {}', '3: numbers." +15550100": this number has an agent already'],
    [
      'default: { voice: Tina',
      '1: not YAML that we read: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['default: !!js/function x', '1: not YAML that we read: Unresolved tag'],
    ['default: *gone', 'not YAML that we read: Unresolved alias (the anchor must be set before the alias)'],
  ])('%j is told as it is', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  it('is told together with all others, in the order of the file', () => {
    expect(
      problemsOf(`
default:
  voice: []
  instructions: '{{who}}'
numbers:
  nobody: { voise: x }
  +15550100:
    bargeIn: { by: me, confirmMs: 5 }
`).map((problem) => problem.split(': ').slice(0, 2).join(': ')),
    ).toEqual([
      '3: default.voice',
      '4: default.instructions',
      '6: numbers.nobody',
      '6: numbers.nobody.voise',
      '8: numbers."+15550100".bargeIn.by',
      '8: numbers."+15550100".bargeIn.confirmMs',
    ])
  })

  it('names an environment variable that is missing, and the header that wants it', () => {
    const text = `
default:
  mcpServers:
    - { name: crm, url: https://mcp.example.com/, headers: { Authorization: 'Bearer \${CRM_KEY}' } }
`
    expect(problemsOf(text)).toEqual([
      '4: default.mcpServers[0].headers.Authorization: the environment has no CRM_KEY to give',
    ])
    expect(problemsOf(text, { CRM_KEY: 'k' })).toEqual([])
  })

  it('in a tool of others is told without what came: it may be a key', () => {
    const [problem = ''] = problemsOf(`
default:
  httpTools:
    - { name: x, description: y, url: 'http://user:secret@crm.example.com/', method: secret-too }
  mcpServers: secret
`)
    expect(problem).toMatch(/^4: default\.httpTools\[0\]\.(url|method): /)
    expect(problemsOf('default: { mcpServers: secret }').join()).not.toContain('secret')
    expect(problem).not.toContain('secret')
  })
})

describe('a file that asks for too much', () => {
  it.each([
    [
      'aliases of aliases',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    ],
    ['aliases of a long list', `a: &a [${'1,'.repeat(2000)}1]\nb: [${'*a,'.repeat(500)}*a]\n`],
    ['depth', `a: ${'['.repeat(50_000)}`],
  ])('%s is refused, at once', (_, text) => {
    const problems = problemsOf(text)
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.length).toBeLessThanOrEqual(20)
    expect(problems.join('\n')).not.toContain('there is no such field')
  })
})

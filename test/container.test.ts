import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'

const dockerfile = readFileSync('Dockerfile', 'utf8')
const stages = dockerfile.split(/^(?=FROM )/m).slice(1)
const image = stages.at(-1) ?? ''

/** The value of an instruction of the image itself; the last one counts. */
function instruction(name: string, text = image): string | undefined {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .findLast((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1)
}

/** A command that starts without a shell. */
function execForm(text: string | undefined): readonly string[] {
  const command = JSON.parse(/\[.*\]$/.exec(text ?? '')?.[0] ?? 'null')
  expect(command).toEqual(expect.arrayContaining([expect.any(String)]))
  return command
}

describe('the image', () => {
  it('stands on one exact version of its base, the Node that the tests run on', () => {
    const bases = stages.map((stage) => instruction('FROM', stage)?.split(' ')[0]?.split('@')[0])
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-bookworm-slim`]))
    expect(process.version).toBe(`v${devDependencies.node}`)
  })

  it('runs as nobody special, and says so with a number', () => {
    expect(instruction('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(image.indexOf('\nUSER ')).toBeLessThan(image.indexOf('\nCMD '))
    expect(dockerfile).not.toMatch(/sudo|chmod|setuid|--privileged/)
  })

  it('writes to its data only, which belongs to who runs it', () => {
    const owner = instruction('USER')
    expect(instruction('ENV')).toContain('DATA_DIR=/data')
    expect(instruction('VOLUME')).toBe('/data')
    expect(image).toContain(`COPY --from=packages --chown=${owner} /data /data`)
    const others = image.split('\n').filter((line) => line.startsWith('COPY') && !line.endsWith('/data /data'))
    for (const line of others) expect(line).not.toContain('--chown')
  })

  it('needs no shell: it is started, and asked for its health, by commands that are lists', () => {
    expect(execForm(instruction('CMD'))).toEqual(['node', 'src/main.ts'])
    expect(execForm(instruction('HEALTHCHECK'))[0]).toBe('node')
    expect(image).not.toMatch(/^(RUN|SHELL|ENTRYPOINT)/m)
  })

  it('holds what was asked for alone: locked packages without scripts, the sources, and no secret', () => {
    expect(dockerfile).toContain('npm ci --omit=dev --ignore-scripts')
    expect(dockerfile).not.toMatch(/^ADD|^ARG|TOKEN|API_KEY|https?:\/\/(?!127\.0\.0\.1)/m)
    const [first, ...rest] = readFileSync('.dockerignore', 'utf8').trim().split('\n')
    expect(first).toBe('*')
    const taken = rest.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '))
    expect(taken.sort()).toEqual([...new Set(copied)].sort())
    expect(rest).toContain('**/.env*')
  })
})

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly os?: readonly string[]
  readonly hasInstallScript?: boolean
}

const lock: { lockfileVersion: number; packages: Record<string, Locked> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
)
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

describe('the lock file', () => {
  it('knows the bytes of every package, but of those for other machines', () => {
    const unknown = packages.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''))
    for (const [path, { optional, os, dev }] of unknown) {
      expect([path, optional, os?.length, existsSync(path), dev]).toEqual([path, true, 1, false, true])
    }
  })

  it('takes packages from the public registry and from nowhere else', () => {
    for (const [path, { resolved }] of packages) {
      const host = resolved === undefined ? undefined : URL.parse(resolved)?.host
      expect([undefined, 'registry.npmjs.org'], path).toContain(host)
    }
  })

  it('and the manifest name exact versions', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies']) {
      for (const [name, version] of Object.entries<string>(manifest[kind])) {
        expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)])
        expect(lock.packages[`node_modules/${name}`]?.version).toBe(version)
      }
    }
  })
})

/** Who runs the server: as root we can be somebody else. */
const isRoot = process.getuid?.() === 0
const USER = 1000

/** What the image has in /app, and a data folder, in a folder of which nothing else can be written. */
function layOut(): { root: string; app: string; data: string } {
  const root = mkdtempSync(join(tmpdir(), 'offhook-container-'))
  const [app, data] = [join(root, 'app'), join(root, 'data')]
  mkdirSync(data, { recursive: true })
  mkdirSync(app)
  for (const path of ['package.json', 'src', 'vendor', 'dist']) cpSync(path, join(app, path), { recursive: true })
  const shipped = packages.filter(([path, { dev, devOptional }]) => !dev && !devOptional && existsSync(path))
  // Outer packages bring the ones within them along.
  const outer = shipped.map(([path]) => path).filter((path) => path.lastIndexOf('node_modules/') === 0)
  for (const folder of new Set(outer.map((path) => dirname(path)))) mkdirSync(join(app, folder), { recursive: true })
  for (const folder of new Set(outer.map((path) => dirname(path)))) {
    const here = outer.filter((path) => dirname(path) === folder)
    // Links to the same files: a copy would take a second.
    const { status, stderr } = spawnSync('cp', ['-al', ...here, join(app, folder)], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  if (isRoot) chownSync(data, USER, USER)
  for (const folder of [root, ...foldersIn(app)]) chmodSync(folder, 0o555)
  return { root, app, data }
}

function foldersIn(folder: string): string[] {
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [
    folder,
    ...inside.flatMap(({ name }) => (name === 'node_modules' ? [join(folder, name)] : foldersIn(join(folder, name)))),
  ]
}

describe('in a container', () => {
  it('the server runs: production packages, a read-only disk, no home, no right to anything, and it is healthy', async () => {
    const { root, app, data } = layOut()
    const who = isRoot ? { uid: USER, gid: USER } : {}
    const env = {
      ...{
        NODE_ENV: 'production',
        DATA_DIR: data,
        PORT: '0',
        HOME: '/nonexistent',
        TMPDIR: join(root, 'app'),
        PATH: '',
      },
      ...{ DASHSCOPE_API_KEY: 'sk-x', REALTIME_URL: 'ws://127.0.0.1:9/' },
    }
    const [, ...main] = execForm(instruction('CMD'))
    const server = spawn(process.execPath, main, { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'], ...who })
    const exited = once(server, 'exit')
    try {
      let errors = ''
      server.stderr.on('data', (data) => {
        errors += data
      })
      let url: string | undefined
      for await (const line of createInterface(server.stdout)) {
        url = /answers calls on (\S+)/.exec(line)?.[1]
        if (url !== undefined) break
      }
      expect(errors).toBe('')
      const { port = '' } = URL.parse(url ?? '') ?? {}
      const [, ...question] = execForm(instruction('HEALTHCHECK'))
      const asked = (PORT: string) => spawnSync(process.execPath, question, { env: { PORT, PATH: '' }, ...who }).status
      expect(asked(port)).toBe(0)
      expect(asked('1')).toBe(1)
      expect(await (await fetch(`${url}/`)).text()).toContain('<title>Offhook')
      server.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
      expect(readdirSync(data).length).toBeGreaterThan(0)
    } finally {
      server.kill('SIGKILL')
      for (const folder of [root, ...foldersIn(app)]) chmodSync(folder, 0o755)
      rmSync(root, { recursive: true })
    }
  })
})

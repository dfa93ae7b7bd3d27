import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { syntheticLines } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'
import { sluice } from '../support/sluice.js'
import { Builder, type Image } from './build.js'
import { type ContainerOptions, type Ended, Runtime } from './container.js'
import { isRequired, run, whyNot } from './parts.js'

// Builds the image and runs it, without a daemon: `npm run image:test`. Skips where its parts cannot be had.

const USER = 10001
const HASH_KEY = 'HASH_KEY=hash: walnut, tundra, 9 lamps'
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: 'Patient.gender', method: 'keep' },
    { path: 'Observation.status', method: 'keep' },
    { path: 'Resource', method: 'redact' },
  ],
  parameters: { cryptoHashKey: { env: 'HASH_KEY' } },
}

/** Waits at every value while the file `slow` is there. */
const WAIT = `import { existsSync } from 'node:fs'
const cell = new Int32Array(new SharedArrayBuffer(4))
export default ({ json }) => {
  if (existsSync(new URL('./slow', import.meta.url))) Atomics.wait(cell, 0, 0, 20)
  return { json }
}
`
const patients = (count: number): string =>
  Array.from({ length: count }, (_, at) => `{"resourceType":"Patient","id":"p${at}"}\n`).join('')

/** A folder to mount as `/data`: the user of the container may write there. */
function lakeFolder(folder: string, owner: { readonly uid: number; readonly gid: number }): string {
  mkdirSync(folder)
  chownSync(folder, owner.uid, owner.gid)
  return folder
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  )

const bytesBelow = (folder: string): number =>
  filesBelow(folder).reduce((bytes, path) => bytes + lstatSync(path).size, 0)

/** The image takes about five times as long to build as its base, and a test has five minutes. */
const MAX_BASE_MS = 30_000

/** Makes the base; if the image cannot be built upon it, and need not be, the reason. */
function baseFor(builder: Builder): string | undefined {
  const since = Date.now()
  try {
    builder.makeBase()
    const isSlow = !isRequired && Date.now() - since > MAX_BASE_MS
    return isSlow ? 'this machine is too busy; npm run image:test takes the time' : undefined
  } catch (error) {
    if (isRequired) throw error
    return `no base image can be made here: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`
  }
}

t.test('the image', async (t) => {
  const skipped = (reason: string): void => {
    if (isRequired) throw new Error(reason)
    console.log(`# skipped: the image is not built: ${reason}`)
    t.pass('skipped, with the reason printed')
  }
  const reason = whyNot()
  if (reason !== undefined) return skipped(reason)
  const folder = t.testdir()
  const builder = new Builder(folder)
  t.teardown(() => builder.close())
  const noBase = baseFor(builder)
  if (noBase !== undefined) return skipped(noBase)
  const since = Date.now()
  const image = builder.makeImage()
  const seconds = Math.round((Date.now() - since) / 1000)
  const ownBytes = bytesBelow(join(image.rootFolder, 'opt', 'sluice'))
  const [all, own] = [bytesBelow(image.rootFolder), ownBytes].map((bytes) => Math.round(bytes / 1e6))
  console.log(
    `# image: built in ${seconds} s; ${all} MB, of which ${own} MB are Sluice and what it depends on`,
  )
  const runtime = new Runtime(image, join(folder, 'runtime'))
  const inContainer = (options: ContainerOptions): Promise<Ended> => runtime.start(options).finished

  await t.test('it holds what its labels and its bill of materials say', (t) => contents(t, image))

  await t.test('it is as small as what runs', async (t) => {
    t.ok(ownBytes < 120e6, `${ownBytes} bytes`)
  })

  await t.test('sluice is PID 1, and a command in the path', async (t) => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      version: string
    }
    t.match(await inContainer({ words: ['--version'] }), { exitCode: 0, stdout: `${version}\n` })
    t.match(await inContainer({ entrypoint: ['sluice'], words: ['--version'] }), { stdout: `${version}\n` })
    t.match(await inContainer({ words: image.config.Cmd }), { exitCode: 0, stdout: /Usage: sluice/ })
    const self = 'console.log(process.pid, process.getuid(), process.version)'
    const { stdout } = await inContainer({ entrypoint: ['node'], words: ['-e', self] })
    t.match(stdout, new RegExp(`^1 ${USER} v${image.base.node}\\.`))
  })

  const input = join(folder, 'in')
  const configs = join(folder, 'config')
  for (const each of [input, configs]) mkdirSync(each)
  writeFileSync(join(input, 'all.ndjson'), syntheticLines(8_000_000))
  writeFileSync(join(configs, 'c.json'), JSON.stringify(CONFIG))
  const words = (output: string): string[] => ['anonymize', '-i', '/in', '-o', output, '-c', '/config/c.json']
  const mounted = [
    { from: input, to: '/in' },
    { from: configs, to: '/config' },
  ]

  await t.test(
    'without rights, network or a writable root it writes the bytes that it writes elsewhere',
    async (t) => {
      const host = join(folder, 'host')
      const [name, value] = HASH_KEY.split('=') as [string, string]
      const hostWords = ['anonymize', '-i', input, '-o', host, '-c', join(configs, 'c.json')]
      t.equal((await sluice(hostWords, { env: { [name]: value } })).exitCode, 0)
      const expected = readFileSync(join(host, 'all.ndjson'), 'utf8')
      // The last one is what OpenShift does: any user id, in the group 0.
      for (const [at, user] of [undefined, { uid: 1_000_650_000, gid: 0 }].entries()) {
        const owner = user ?? { uid: USER, gid: USER }
        const lake = lakeFolder(join(folder, `lake-${at}`), owner)
        const mounts = [...mounted, { from: lake, to: '/data', isWritable: true }]
        const done = await inContainer({
          words: words('out'),
          mounts,
          env: [HASH_KEY],
          ...(user ? { user } : {}),
        })
        t.equal(done.exitCode, 0, done.stderr)
        t.ok(readFileSync(join(lake, 'out', 'all.ndjson'), 'utf8') === expected, 'the same bytes')
        t.equal(statSync(join(lake, 'out', 'all.ndjson')).uid, owner.uid)
      }
    },
  )

  await t.test(
    'a bad configuration ends with 2, a missing input with 3, an output outside the volumes with 4',
    async (t) => {
      const env = [HASH_KEY]
      const lake = lakeFolder(join(folder, 'lake-bad'), { uid: USER, gid: USER })
      writeFileSync(
        join(configs, 'bad.json'),
        '{"fhirVersion":"R4","fhirPathRules":[{"path":"Patient","method":"shred"}]}',
      )
      const mounts = [...mounted, { from: lake, to: '/data', isWritable: true }]
      const bad = await inContainer({
        words: [...words('out').slice(0, -1), '/config/bad.json'],
        mounts,
        env,
      })
      t.match(bad, { exitCode: 2, stderr: /CONFIG_INVALID/ })
      const missing = ['anonymize', '-i', '/nothing', '-o', 'out', '-c', '/config/c.json']
      t.match(await inContainer({ words: missing, mounts, env }), { exitCode: 3, stderr: /SOURCE_NOT_FOUND/ })
      t.strictSame(
        readdirSync(lake).filter((name) => name === 'out'),
        [],
      )
      const readOnly = await inContainer({ words: words('/out'), mounts, env })
      t.match(readOnly, { exitCode: 4, stderr: /SINK_/ })
    },
  )

  await t.test('SIGTERM ends a run with 6, and the next container resumes it', async (t) => {
    const slow = join(folder, 'slow')
    mkdirSync(join(slow, 'in'), { recursive: true })
    const rules = [{ path: 'Patient.id', method: 'wait' }]
    const config = { fhirVersion: 'R4', fhirPathRules: rules, customMethods: { wait: './wait.mjs' } }
    for (const [name, text] of Object.entries({
      'in/a.ndjson': patients(1),
      'in/b.ndjson': patients(1500),
      'c.json': JSON.stringify(config),
      'wait.mjs': WAIT,
      slow: '',
    }))
      writeFileSync(join(slow, name), text)
    const lake = lakeFolder(join(folder, 'lake-slow'), { uid: USER, gid: USER })
    const options: ContainerOptions = {
      words: ['anonymize', '-i', '/in/in', '-o', 'out', '-c', '/in/c.json', '--workers', '2', '--json'],
      mounts: [
        { from: slow, to: '/in' },
        { from: lake, to: '/data', isWritable: true },
      ],
    }
    const container = runtime.start(options)
    await container.saw('"item.committed"')
    t.match(container.exec(image.config.Healthcheck.Test.slice(1)), {
      exitCode: 0,
      stdout: 'nothing is served\n',
    })
    container.kill('SIGTERM')
    const stopped = await container.finished
    t.match(stopped, { exitCode: 6, stderr: /INTERRUPTED/ })
    rmSync(join(slow, 'slow'))
    const rest = await inContainer(options)
    t.equal(rest.exitCode, 0, rest.stderr)
    t.match(JSON.parse(rest.stdout), { items: { finishedBefore: 1, committed: 1 } })
    for (const name of ['a.ndjson', 'b.ndjson'])
      t.equal(readFileSync(join(lake, 'out', name), 'utf8'), readFileSync(join(slow, 'in', name), 'utf8'))
  })

  await t.test('a server answers the health check of the image until SIGTERM, and ends with 0', async (t) => {
    const lake = lakeFolder(join(folder, 'lake-serve'), { uid: USER, gid: USER })
    const container = runtime.start({
      words: ['serve', '--data', '/in', '--host', '0.0.0.0', '--state', '/data/state'],
      mounts: [...mounted, { from: lake, to: '/data', isWritable: true }],
    })
    await container.saw('"server.listening"')
    const check = image.config.Healthcheck.Test.slice(1)
    t.match(container.exec(check), { exitCode: 0, stdout: 'status 200\n' })
    container.kill('SIGTERM')
    t.match(await container.finished, { exitCode: 0 })
  })
})

async function contents(t: Test, { rootFolder, config }: Image): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  t.match(config.Labels, {
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': '0123abc',
    'org.opencontainers.image.base.name': 'localhost/base',
  })
  const inImage = (path: string): string => join(rootFolder, path)
  const bom = JSON.parse(readFileSync(inImage(config.Labels['fhir-sluice.sbom'] ?? ''), 'utf8')) as {
    components: { name: string; version: string }[]
  }
  const listed = new Set(bom.components.map((component) => `${component.name}@${component.version}`))
  const modules = filesBelow(inImage('opt/sluice/node_modules'))
    .filter((path) => /node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string })
  t.ok(modules.length > 100, `${modules.length} packages`)
  t.strictSame(
    modules.map((module) => `${module.name}@${module.version}`).filter((module) => !listed.has(module)),
    [],
    'every installed package is listed',
  )
  const own = filesBelow(inImage('opt/sluice'))
  t.strictSame(
    own.filter((path) => /\/opt\/sluice\/(?:src|test|dist\/test|bench|scripts|\.)/.test(path)),
    [],
  )
  t.strictSame(
    own.filter((path) => {
      const { uid, mode } = lstatSync(path)
      return uid !== 0 || ((mode & 0o022) !== 0 && !lstatSync(path).isSymbolicLink()) || (mode & 0o004) === 0
    }),
    [],
    'everyone may read it and nobody but root change it',
  )
  t.throws(() => statSync(inImage('usr/local/bin/npm')), 'no package manager')
  const licenses = own.filter((path) => /\/licen[cs]e[^/]*$/i.test(path))
  t.ok(licenses.length > 100, `${licenses.length} licenses`)
  t.throws(
    () => run('grep', ['-rl', 'BEGIN [A-Z ]*PRIVATE KEY-----$', inImage('opt/sluice')]),
    'no private key',
  )
}

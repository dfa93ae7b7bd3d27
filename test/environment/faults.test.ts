import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { EXIT_MEANINGS } from '../../src/commands/exit-codes.js'
import { projectRoot } from '../support/shared.js'
import { SELF_SIGNED } from '../support/tls.js'

const cli = join(projectRoot, 'dist', 'src', 'cli.js')
const line = (id: number) => `{"resourceType":"Patient","id":"p${id}"}\n`
/** A fault of the environment: the shell's command, and the exit codes that are right for it. */
type Fault = readonly [name: string, command: string, ...exitCodes: number[]]

const keepAll = (path = 'Patient.id') =>
  JSON.stringify({ fhirVersion: 'R4', fhirPathRules: [{ path, method: 'keep' }] })

const folder = t.testdir({
  in: { 'a.ndjson': [1, 2, 3].map(line).join(''), 'b.ndjson': line(4) },
  'c.json': keepAll(),
  'deep.json': '['.repeat(100_000),
  'pipeline.json': '{}',
  file: 'not a folder',
  closed: { 'a.ndjson': line(1) },
  half: { 'a.ndjson': line(1), 'b.ndjson': line(2) },
  'closed.json': keepAll(),
  open: {},
  'state of another': {},
  'clock.mjs': `const Real = Date
    const shift = Number(process.env.CLOCK) - Real.now()
    globalThis.Date = class extends Real {
      constructor(...given) { given.length === 0 ? super(Real.now() + shift) : super(...given) }
      static now() { return Real.now() + shift }
    }`,
})
mkdirSync(join(folder, 'folder'))
symlinkSync('loop', join(folder, 'loop'))
writeFileSync(join(folder, 'binary'), Buffer.from([0, 255, 1, 254]))

const anonymize = (more = '', { input = 'in', config = 'c.json', output = 'out' } = {}) =>
  `node ${cli} anonymize -i ${input} -o ${output} -c ${config} ${more}`

const absolute = {
  input: join(folder, 'in'),
  config: join(folder, 'c.json'),
  output: join(folder, 'out'),
}

for (const path of ['closed', 'half/b.ndjson', 'closed.json', 'state of another'])
  chmodSync(join(folder, path), 0)
chmodSync(join(folder, 'open'), 0o777)

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const answering =
  (status: number): RequestListener =>
  (request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><html>Login</html>')
  }
const pagePort = await portOf(createServer(answering(200)))
const refusingPort = await portOf(createServer(answering(403)))
const tlsPort = await portOf(createTlsServer(SELF_SIGNED, answering(200)))

const notifying = (port: number, protocol = 'http'): string => {
  const pipeline = {
    source: { store: 'in' },
    anonymizer: { config: 'c.json' },
    sink: { store: 'out' },
    notify: { url: `${protocol}://127.0.0.1:${port}/hook` },
  }
  writeFileSync(join(folder, `notify-${port}.json`), JSON.stringify(pipeline))
  return `node ${cli} run notify-${port}.json`
}

const exporting = (from: string): string =>
  `node ${cli} export --from ${from} --to export-${encodeURIComponent(from)} -c c.json`

/** In another year, as Sluice sees it. */
const inYear = (year: number): string =>
  `export CLOCK=${Date.UTC(year, 0, 1)} NODE_OPTIONS=--import=./clock.mjs; ${anonymize()}`

const NOBODY = 'setpriv --reuid=65534 --clear-groups --inh-caps=-all'
/** Why no command can run without rights; undefined where one can. */
const whyNoNobody = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can drop its user id'
  const tried = spawnSync('bash', ['-c', `${NOBODY} node ${cli} --version`], { cwd: folder })
  return tried.status === 0 ? undefined : 'setpriv, or a path that everybody may read, is missing'
}
const noNobody = whyNoNobody()
if (noNobody !== undefined) t.comment(`rows of a user without rights are left out: ${noNobody}`)

const asNobody = (name: string, command: string, exitCode: number): readonly Fault[] =>
  noNobody === undefined ? [[`without rights: ${name}`, `${NOBODY} ${command}`, exitCode]] : []

const FAULTS: readonly Fault[] = [
  // With fewer Node itself does not start.
  ...[32, 64].map((limit) => [`${limit} open files`, `ulimit -n ${limit}; ${anonymize()}`, 0, 5] as const),
  ['no file may grow', `ulimit -f 0; ${anonymize()}`, 4],
  ['the current folder is gone', `mkdir gone; cd gone; rmdir ../gone; ${anonymize('', absolute)}`, 5],
  ['no home, no locale, no temporary folder', `env -u HOME LANG=xx TMPDIR=/nonexistent ${anonymize()}`, 0],
  ['stdin is closed', `${anonymize()} <&-`, 0],
  ['stdout is closed', `${anonymize()} >&-`, 0],
  ['stderr is closed', `${anonymize()} 2>&-`, 0],
  ['stdout is full', `cat in/a.ndjson | ${anonymize('', { input: '-', output: '-' })} > /dev/full`, 4],
  [
    'nobody reads stdout',
    `cat in/a.ndjson | ${anonymize('', { input: '-', output: '-' })} | true; exit \${PIPESTATUS[1]}`,
    0,
    4,
  ],
  ['the output is a file', anonymize('', { output: 'file' }), 4],
  ['the output is a device', anonymize('', { output: '/dev/full' }), 4],
  ['the output is a circle of links', anonymize('', { output: 'loop' }), 4],
  ['the output is in a file system that takes none', anonymize('', { output: '/proc/x' }), 4],
  ['the input is a device', anonymize('', { input: '/dev/zero' }), 3],
  ['the input is a circle of links', anonymize('', { input: 'loop' }), 3],
  ['the input is below a file', anonymize('', { input: 'file/x' }), 3],
  ['the name of the input is too long', anonymize('', { input: 'x'.repeat(300) }), 3],
  ['the configuration is a folder', anonymize('', { config: 'folder' }), 2],
  ['the configuration is a circle of links', anonymize('', { config: 'loop' }), 2],
  ['the configuration is endless', anonymize('', { config: '/dev/zero' }), 2],
  ['the configuration is empty', anonymize('', { config: '/dev/null' }), 2],
  ['the configuration is binary', anonymize('', { config: 'binary' }), 2],
  ['the configuration nests 100,000 deep', anonymize('', { config: 'deep.json' }), 2],
  ['the configuration comes from a pipe', anonymize('', { config: '<(sleep 0.2; cat c.json)' }), 0],
  ['the state is a file', anonymize('--state file'), 4],
  ['the metrics have no folder', anonymize('--metrics-file /proc/no/x'), 2],
  ['the pipeline is a folder', `node ${cli} run folder`, 2],
  ['the pipeline is endless', `node ${cli} run /dev/zero`, 2],
  ['nobody listens', exporting('http://127.0.0.1:1'), 5],
  ['the linted configuration is a folder', `node ${cli} lint -c folder`, 2],
  ...asNobody('the input', anonymize('', { input: 'closed', output: 'open/1' }), 3),
  ...asNobody('one file of the input', anonymize('', { input: 'half', output: 'open/2' }), 3),
  ...asNobody('the output', anonymize('', { output: 'mine' }), 4),
  ...asNobody('the configuration', anonymize('', { config: 'closed.json', output: 'open/3' }), 2),
  ...asNobody('the state', anonymize('--state "state of another"', { output: 'open/4' }), 4),
  ...asNobody('the served data', `node ${cli} serve --data closed --state open/5 --port 0`, 3),
  ['the clock says 1970', inYear(1970), 0],
  ['the clock says 2100', inYear(2100), 0],
  ['the port is in use', `node ${cli} serve --data in --port ${pagePort}`, 5],
  ['the host is not of this machine', `node ${cli} serve --data in --port 0 --host 203.0.113.1`, 5],
  ['the certificate is not trusted', exporting(`https://127.0.0.1:${tlsPort}`), 2],
  ['TLS at a port without it', exporting(`https://127.0.0.1:${pagePort}`), 2],
  ['the host name does not resolve', exporting('http://nonexistent.invalid'), 5],
  ['the webhook answers with a web page', notifying(pagePort), 0],
  ['the webhook refuses', notifying(refusingPort), 0],
  ['the webhook is not trusted', notifying(tlsPort, 'https'), 0],
  ['the compared folder is missing', `node ${cli} diff in none`, 3],
]

interface Ended {
  readonly exitCode: number | null
  readonly stderr: string
}

/** Exports wait, and these write elsewhere: they run beside the others, which share their output. */
const isApart = (command: string): boolean => command.includes(' export --from ') || command.includes(NOBODY)

const shell = (command: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    // What the test runner loads into every Node process meets the faults before Sluice does.
    const reset = `unset NODE_OPTIONS; ${isApart(command) ? '' : 'rm -rf out out.sluice in.sluice-serve; '}`
    const child = spawn('bash', ['-c', reset + command], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString()
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stderr }))
  })

t.test(
  'exit 1 is for bugs only: no fault of the environment is called one',
  { timeout: 300_000 },
  async (t) => {
    const documented = new Set<number>(EXIT_MEANINGS.map(([code]) => code))
    const check = async ([name, command, ...expected]: Fault): Promise<void> => {
      const { exitCode, stderr } = await shell(command)
      t.ok(
        exitCode !== null && exitCode !== 1 && documented.has(exitCode),
        `${name}: ${exitCode} is documented`,
      )
      t.ok(expected.includes(exitCode ?? -1), `${name}: ${exitCode}, ${stderr.slice(-300)}`)
      t.notMatch(stderr, /A bug in Sluice|INTERNAL/, name)
      if (name.startsWith('the certificate')) t.match(stderr, /certificate.*NODE_EXTRA_CA_CERTS/, name)
      if (name.startsWith('the webhook refuses')) t.match(stderr, /notify\.failed.*403/, name)
      if (exitCode !== 0 && !/2>&-/.test(command))
        t.match(stderr, /sluice: [A-Z_]+: \S|"item\.failed".*"code":"[A-Z_]+"/, `${name} is told`)
    }
    const lanes = [true, false].map((isLane) => FAULTS.filter(([, command]) => isApart(command) === isLane))
    await Promise.all(
      lanes.map(async (lane) => {
        for (const fault of lane) await check(fault)
      }),
    )
  },
)

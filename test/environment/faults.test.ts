import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EXIT_MEANINGS } from '../../src/commands/exit-codes.js'
import { projectRoot } from '../support/shared.js'

const cli = join(projectRoot, 'dist', 'src', 'cli.js')
const line = (id: number) => `{"resourceType":"Patient","id":"p${id}"}\n`
const keepAll = (path = 'Patient.id') =>
  JSON.stringify({ fhirVersion: 'R4', fhirPathRules: [{ path, method: 'keep' }] })

const folder = t.testdir({
  in: { 'a.ndjson': [1, 2, 3].map(line).join(''), 'b.ndjson': line(4) },
  'c.json': keepAll(),
  'deep.json': '['.repeat(100_000),
  'pipeline.json': '{}',
  file: 'not a folder',
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

/** A fault of the environment: the shell's command, and the exit codes that tell of it. */
const FAULTS: readonly (readonly [name: string, command: string, ...exitCodes: number[]])[] = [
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
  ['nobody listens', `node ${cli} export --from http://127.0.0.1:1 --to out -c c.json`, 5],
  ['the linted configuration is a folder', `node ${cli} lint -c folder`, 2],
  ['the compared folder is missing', `node ${cli} diff in none`, 3],
]

interface Ended {
  readonly exitCode: number | null
  readonly stderr: string
}

const shell = (command: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    // What the test runner loads into every Node process meets the faults before Sluice does.
    const reset = 'unset NODE_OPTIONS; rm -rf out out.sluice; '
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
    for (const [name, command, ...expected] of FAULTS) {
      const { exitCode, stderr } = await shell(command)
      t.ok(
        exitCode !== null && exitCode !== 1 && documented.has(exitCode),
        `${name}: ${exitCode} is documented`,
      )
      t.ok(expected.includes(exitCode ?? -1), `${name}: ${exitCode}, ${stderr.slice(-300)}`)
      t.notMatch(stderr, /A bug in Sluice|INTERNAL/, name)
      if (exitCode !== 0 && !/2>&-/.test(command)) t.match(stderr, /sluice: [A-Z_]+: \S/, `${name} is told`)
    }
  },
)

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EXIT_MEANINGS } from '../../src/commands/exit-codes.js'
import { checkTexts } from '../support/check-texts.js'
import { fuzzSeconds, seededRandom } from '../support/random.js'
import { type RandomCommand, randomCommand } from '../support/random-command.js'
import { type Finished, startSluice } from '../support/sluice.js'
import { treeSnapshot } from '../support/tree-snapshot.js'
import { verbRun } from '../support/verb-run.js'

const folder = t.testdir()
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.name', method: 'redact' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.gender', method: 'encrypt' },
  ],
  parameters: {
    cryptoHashKey: 'CANARYKEY of walnut, tundra, 9 lamps',
    dateShiftKey: 'CANARYKEY of pelican, ember, 4 rivers',
    encryptKey: 'CANARYKEY of oak, 3 owls',
    dateShiftScope: 'patient',
    dateShiftTimeZone: 'remove',
  },
}
const PIPELINE = {
  name: 'nightly',
  source: { fhir: 'http://127.0.0.1:1/fhir' },
  anonymizer: { config: 'config.json' },
  sink: { store: 'pipeline-out' },
}
const PATIENT =
  '{"resourceType":"Patient","id":"CANARYVALUE","name":[{"family":"CANARYVALUE"}],"gender":"male","birthDate":"1970-01-01"}\n'
// Nothing listens there.
const NOWHERE = 'http://127.0.0.1:1'
const ENVIRONMENT = {
  PLANTED_KEY: 'CANARYKEY of oak, 3 owls',
  AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=CANARYKEY000;BlobEndpoint=${NOWHERE}/devstoreaccount1`,
}
Object.assign(process.env, ENVIRONMENT)

const FILES: Readonly<Record<string, string>> = {
  'in/Patient.ndjson': PATIENT.repeat(3),
  'in/sub/Bad.ndjson': `${PATIENT}{"resourceType":"Patient","id":CANARYVALUE\n`,
  'in/one.json': PATIENT,
  'config.json': JSON.stringify(CONFIG),
  'broken.json': JSON.stringify(CONFIG).slice(0, -40),
  'wrong.json': JSON.stringify({ ...CONFIG, fhirPathRules: 'CANARYKEY', parameters: ['CANARYKEY'] }),
  'null.json': 'null',
  'deep.json': '['.repeat(20_000),
  'empty.json': '',
  'secret.key': 'CANARYKEY of oak, 3 owls',
  'pipeline.json': JSON.stringify(PIPELINE),
  'tests/id.json': JSON.stringify({ name: 'id', given: JSON.parse(PATIENT), never: ['CANARYVALUE'] }),
  'foreign/notes.txt': 'somebody else has written this',
  'foreign/Patient.ndjson': 'somebody else has written this, too\n',
  '\u001b[31mred': 'a name that a terminal would obey',
}
const PATHS = [
  ...Object.keys(FILES),
  ...[
    'in',
    'in/',
    'in/sub',
    'in/new',
    'in/Patient.ndjson/below',
    'foreign',
    'foreign/new',
    'made',
    'made.sluice',
    'tests',
    'study',
  ],
  ...[
    'made.sluice/run.json',
    'made/Patient.ndjson',
    'made/run.json',
    'link-in',
    'link-config',
    'link-nowhere',
  ],
  ...[
    'loop',
    'link-null',
    'link-full',
    'missing',
    'missing/deep',
    'out',
    'out2',
    '.',
    '..',
    'page.html',
    '~',
    './/out',
  ],
]
const ADDRESSES = [
  `${NOWHERE}/account/lake/run?sv=2022-11-02&sp=rwdl&se=2030-01-01T00:00:00Z&sr=c&sig=CANARYSIG%3D`,
  `${NOWHERE}/account/lake`,
  `${NOWHERE}/fhir`,
  'http://someone:CANARYKEY@127.0.0.1:1/fhir',
  '127.0.0.1:1/account/lake?sig=CANARYSIG',
  'azurite://lake/run',
  'azurite://lake?sp=r&sig=CANARYSIG',
  'azurite://NO',
  'abfss://lake/run',
  'https://',
  'ftp://127.0.0.1/x',
  'http://[::1',
  'file:///etc/hostname',
]

/** A folder in which everything that paths name lies, as an earlier run left it. */
async function furnish(cwd: string): Promise<void> {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(cwd, name, '..'), { recursive: true })
    writeFileSync(join(cwd, name), text)
  }
  const links = { 'link-in': 'in', 'link-config': 'config.json', 'link-nowhere': 'gone/far', loop: 'loop' }
  const devices = { 'link-null': '/dev/null', 'link-full': '/dev/full' }
  for (const [name, target] of Object.entries({ ...links, ...devices })) symlinkSync(target, join(cwd, name))
  process.chdir(cwd)
  await verbRun(['anonymize', '-i', 'in', '-o', 'made', '-c', 'config.json', '--workers', '1'])
}

const LATE_MS = 60_000

/** The line ends by itself or soon after it is interrupted; null where it does neither. */
async function finish({ words, verb }: RandomCommand, cwd: string, isChild: boolean): Promise<Finished> {
  const waits = /serve|export|run/.test(verb) || words.some((word) => /127\.0\.0\.1|:\/\//.test(word))
  const interrupt = new AbortController()
  let end = (): void => interrupt.abort('SIGTERM')
  let finished: Promise<Finished>
  if (isChild) {
    const running = startSluice(words, { cwd, env: ENVIRONMENT })
    end = () => running.child.kill('SIGTERM')
    finished = running.finished
  } else finished = verbRun(words, interrupt.signal)
  const soon = setTimeout(() => end(), isChild ? 5000 : waits ? 150 : 3000)
  let late: NodeJS.Timeout | undefined
  const hung = new Promise<Finished>((resolve) => {
    late = setTimeout(() => resolve({ exitCode: null, stdout: '', stderr: 'never ended' }), LATE_MS)
  })
  try {
    return await Promise.race([finished, hung])
  } finally {
    clearTimeout(soon)
    clearTimeout(late)
  }
}

const DOCUMENTED = EXIT_MEANINGS.map(([code]) => code).filter((code) => code !== 1)
/** What is never written to, whatever the line names; an empty file may be replaced. */
const isOurs = (path: string): boolean =>
  path.startsWith('cwd/') &&
  path !== 'cwd/empty.json' &&
  (path.slice(4) in FILES || /^cwd\/(in|foreign)\//.test(path))

async function check(t: Test, command: RandomCommand, cwd: string, isChild: boolean): Promise<void> {
  const { words, mayWrite } = command
  const round = join(cwd, '..')
  const before = treeSnapshot(round)
  const ended = await finish(command, cwd, isChild)
  const line = `${isChild ? 'child: ' : ''}${JSON.stringify(words)}`
  const after = treeSnapshot(round)
  t.ok((DOCUMENTED as unknown[]).includes(ended.exitCode), `${line}: ${ended.exitCode} ${ended.stderr}`)
  // Who asks for values sees them.
  const asks = words.some((word) => word.startsWith('--show-values'))
  checkTexts(t, ended, asks ? /CANARYKEY|CANARYSIG/ : /CANARY/)
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (path) => before[path] !== after[path],
  )
  const replaces = words.some((word) => /^--(overwrite|restart|prune)/.test(word))
  const outside = changed.filter((path) => {
    const full = join(round, Buffer.from(path, 'latin1').toString())
    return !mayWrite.some(
      (place) => full === place || full.startsWith(`${place}/`) || place.startsWith(`${full}/`),
    )
  })
  t.strictSame(outside, [], `${line} has written only to what it names`)
  const lost = changed.filter(
    (path) => path in before && isOurs(path) && !(replaces && path.startsWith('cwd/foreign/')),
  )
  t.strictSame(lost, [], `${line} has changed no file of others`)
  if (!t.passing()) t.comment(line, ended)
}

t.test(
  'whatever is typed ends with a documented exit code, shows no secret and touches only what it names',
  { timeout: 0 },
  async (t) => {
    const random = seededRandom('commands')
    const home = process.cwd()
    t.teardown(() => process.chdir(home))
    const end = Date.now() + fuzzSeconds(6) * 1000
    const seen = new Map<string, number>()
    let lines = 0
    for (let round = 0; Date.now() < end && t.passing(); round++) {
      const cwd = join(folder, `round-${round}`, 'cwd')
      await furnish(cwd)
      for (let k = 0; k < 12 && Date.now() < end && t.passing(); k++, lines++) {
        const command = randomCommand(random, { cwd, paths: PATHS, addresses: ADDRESSES })
        const isChild = random.chance(0.04) && command.verb !== 'demo'
        await t.test(`${command.verb} ${lines}`, (t) => check(t, command, cwd, isChild))
        seen.set(command.verb, (seen.get(command.verb) ?? 0) + 1)
      }
      process.chdir(home)
      if (t.passing()) rmSync(join(folder, `round-${round}`), { recursive: true })
    }
    t.ok(lines > 0)
    t.comment(`${lines} lines: ${JSON.stringify(Object.fromEntries(seen))}`)
  },
)

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

// What can be said of the image without building it; `image.test.ts` builds and runs it.

interface Instruction {
  readonly name: string
  readonly words: string
}

const read = (name: string): string => readFileSync(join(projectRoot, name), 'utf8')

const instructions: readonly Instruction[] = read('Dockerfile')
  .replace(/^\s*#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ name: line.split(' ', 1)[0] ?? '', words: line.replace(/^\S+\s+/, '') }))

const starts = instructions.flatMap(({ name }, at) => (name === 'FROM' ? [at] : []))
const final = instructions.slice(starts.at(-1))
const inFinal = (name: string): readonly string[] =>
  final.filter((each) => each.name === name).map(({ words }) => words)

/** Sources of the COPY instructions that take from the build context. */
const copied = instructions
  .filter(({ name, words }) => name === 'COPY' && !words.startsWith('--from='))
  .flatMap(({ words }) => words.split(' ').slice(0, -1))

t.test('every stage stands on the base that the builder chooses', async (t) => {
  t.strictSame(
    starts.map((at) => instructions[at]?.words),
    ['$BASE AS dependencies', '$BASE AS build', '$BASE'],
  )
  t.match(instructions[0], { name: 'ARG', words: /^BASE=node:\d+-[a-z]+-slim$/ })
})

t.test('the image runs as a numbered user, and node is started without a shell', async (t) => {
  t.strictSame(inFinal('USER'), ['10001:10001'])
  t.notOk(
    final.slice(final.findIndex(({ name }) => name === 'USER')).some(({ name }) => name === 'RUN'),
    'nothing is run after USER, so nothing belongs to that user but /data',
  )
  const [program, script] = JSON.parse(inFinal('ENTRYPOINT')[0] ?? '') as string[]
  t.equal(program, 'node')
  t.equal(script, '/opt/sluice/dist/src/cli.js')
  const check = /^.* CMD (\[.*\])$/.exec(inFinal('HEALTHCHECK')[0] ?? '')?.[1] ?? ''
  const [, health = ''] = JSON.parse(check) as string[]
  t.equal(health, '/opt/sluice/container/health.mjs')
  for (const path of [script ?? '', health])
    t.ok(existsSync(join(projectRoot, path.replace('/opt/sluice/', ''))), path)
})

t.test('the labels say what it is, with the version of the package', async (t) => {
  const labels = inFinal('LABEL').join(' ')
  for (const name of ['title', 'description', 'licenses', 'version', 'revision', 'source', 'created'])
    t.ok(labels.includes(`org.opencontainers.image.${name}="`), name)
  const { version, license } = JSON.parse(read('package.json')) as { version: string; license: string }
  t.ok(inFinal('ARG').includes(`VERSION=${version}`))
  t.ok(labels.includes(`licenses="${license}"`))
})

t.test(
  'the final stage holds what runs: no development dependency, no test, no package manager',
  async (t) => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: object }
    t.ok(Object.keys(devDependencies).length > 5)
    const installs = instructions.filter(({ words }) => words.includes('npm ci'))
    t.equal(installs.length, 2)
    t.match(installs[0]?.words, /npm ci --omit=dev --ignore-scripts/)
    t.strictSame(
      inFinal('COPY').filter((words) => !words.startsWith('--from=')),
      [],
    )
    const modules = inFinal('COPY').filter((words) => words.includes('node_modules'))
    t.strictSame(modules, ['--from=dependencies /opt/sluice/node_modules node_modules'])
    t.ok(inFinal('COPY').includes('--from=build /opt/sluice/dist/src dist/src'))
    t.match(inFinal('RUN')[0], /^rm -rf \/usr\/local\/lib\/node_modules .*\/usr\/local\/bin\/npm /)
  },
)

t.test(
  'no secret is copied or kept: each source is named, and certificates come as a secret mount',
  async (t) => {
    t.ok(copied.length > 5)
    for (const path of copied) t.ok(existsSync(join(projectRoot, path)) && !path.startsWith('.'), path)
    t.strictSame(
      instructions.filter(
        ({ name, words }) =>
          name === 'ADD' ||
          (/^(ARG|ENV)$/.test(name) && /key|secret|token|password|credential/i.test(words)) ||
          /--mount=(?!type=secret,id=ca,)/.test(words),
      ),
      [],
    )
  },
)

/** Whether a path is sent to the builder; of the patterns that `.dockerignore` may hold, those that ours does. */
function isSent(path: string): boolean {
  const lines = read('.dockerignore').split('\n')
  let sent = true
  for (const line of lines.filter((each) => each !== '' && !each.startsWith('#'))) {
    const pattern = line
      .replace(/^!/, '')
      .replace(/\./g, '\\.')
      .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
    if (new RegExp(`^${pattern}(?:/|$)`).test(path)) sent = line.startsWith('!')
  }
  return sent
}

t.test('the builder is sent only what is copied', async (t) => {
  for (const path of copied) t.ok(isSent(path), path)
  t.ok(isSent('src/commands/anonymize/options.ts'))
  for (const path of [
    ...[
      'node_modules/zod/package.json',
      '.git/config',
      'dist/test/a.test.js',
      'dist/src/cli.js',
      'test/a.ts',
    ],
    ...['.env', 'src/.env.local', 'configs/hash.key', 'src/tls/server.pem', '.npmrc', 'data/Patient.ndjson'],
    ...['sluice-demo/a', 'examples/pipeline/lake/a', 'README.md', 'bench/speed.ts', 'scripts/docs.ts'],
  ])
    t.notOk(isSent(path), path)
})

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder, run } from './packed.js'

// `npm run check:package`: packs the package, checks the tarball's form, installs it as a user would (in an empty
// folder, with --engine-strict), and uses it there. Needs the registry.

const { satisfies } = createRequire(import.meta.url)('semver') as {
  satisfies(version: string, range: string): boolean
}
const OLDEST_NODE = '20.12.0'
const PATIENT = '{"resourceType":"Patient","id":"p1","active":true,"name":[{"family":"Doe"}]}\n'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-package-'))
try {
  const tarball = pack()
  step('publint')
  tool('publint', ['run', tarball, '--strict'])
  step('arethetypeswrong')
  tool('attw', [
    tarball,
    '--quiet',
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    './package.json',
    './configs/*',
  ])
  const folder = install(tarball)
  step('every installed package accepts the oldest Node')
  refuseNewerNode(folder)
  step('sluice anonymize')
  anonymize(folder)
  step('library')
  useLibrary(folder)
  step('types')
  compileConsumer(folder)
  console.log('the package is sound')
} finally {
  rmSync(scratch, { recursive: true })
}

function step(name: string): void {
  console.log(`check:package: ${name}`)
}

function tool(name: string, words: readonly string[]): void {
  process.stdout.write(run(join(projectFolder, 'node_modules', '.bin', name), words, projectFolder))
}

function pack(): string {
  step('npm pack')
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch]
  const [{ filename }] = JSON.parse(run('npm', words, projectFolder)) as [{ filename: string }]
  return join(scratch, filename)
}

function install(tarball: string): string {
  step('npm install --engine-strict')
  const folder = join(scratch, 'user')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  run('npm', ['install', '--engine-strict', '--no-audit', '--no-fund', tarball], folder)
  return folder
}

function refuseNewerNode(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { version?: string; engines?: { node?: string } }>>
  }
  const refusing = Object.entries(packages).flatMap(([path, { version, engines: { node = '*' } = {} }]) =>
    satisfies(OLDEST_NODE, node) ? [] : [`${path} ${version} needs Node ${node}`],
  )
  if (refusing.length > 0) throw new Error(`Node ${OLDEST_NODE} is refused:\n${refusing.join('\n')}`)
}

function anonymize(folder: string): void {
  mkdirSync(join(folder, 'in'))
  writeFileSync(join(folder, 'in', 'Patient.ndjson'), PATIENT)
  const sluice = join(folder, 'node_modules', '.bin', 'sluice')
  run(sluice, ['anonymize', '-i', 'in', '-o', 'out', '-c', 'safe-harbor-r4'], folder)
  const output = readFileSync(join(folder, 'out', 'Patient.ndjson'), 'utf8')
  if (output.includes('Doe') || !output.includes('"active":true'))
    throw new Error('sluice anonymize did not anonymize')
  run(sluice, ['check', 'out'], folder)
}

function useLibrary(folder: string): void {
  const script = `
    import { readFileSync } from 'node:fs'
    import { runPipeline } from 'fhir-sluice'
    import { createAnonymizer } from 'fhir-sluice/engine'
    const config = JSON.parse(readFileSync(new URL(import.meta.resolve('fhir-sluice/configs/safe-harbor-r4.json'))))
    const result = createAnonymizer(config).anonymize(${JSON.stringify(PATIENT.trim())})
    if (!result.ok || Buffer.from(result.bytes).includes('Doe')) throw new Error('createAnonymizer did not anonymize')
    const report = await runPipeline({ source: 'in', sink: 'library-out', anonymizer: config })
    if (report.lines.delivered !== 1) throw new Error('runPipeline delivered nothing')`
  writeFileSync(join(folder, 'use.js'), script)
  run(process.execPath, ['use.js'], folder)
}

/** Compiles the type tests as a project that has only the tarball and Node's types, with the strictest options. */
function compileConsumer(folder: string): void {
  cpSync(join(projectFolder, 'test', 'types'), join(folder, 'types'), { recursive: true })
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true })
  for (const name of ['@types/node', 'undici-types'])
    cpSync(join(projectFolder, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['types'] }))
  const tsc = join(projectFolder, 'node_modules', '.bin', 'tsc')
  process.stdout.write(run(tsc, ['-p', '.'], folder))
}

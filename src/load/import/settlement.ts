import { sluiceError } from '../../errors.js'
import type { IssueCounts } from '../../fhir-client/outcomes.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { findStringMember } from '../../json/scanner.js'
import type { Source, SourceItem } from '../../storage/store.js'
import type { Audit } from '../audit/audit.js'
import type { ErrorLine } from '../audit/error-line.js'
import type { SettledEntry } from '../audit/settled-entry.js'
import type { FileResult, ImportInput, JobResult } from './driver.js'
import { placeOf, readErrorFiles } from './error-files.js'
import type { StagedItem } from './job.js'
import { type IndexedLine, indexedLines } from './line-index.js'
import type { ImportCounting, ImportedFile, OpenFolder } from './options.js'
import { missingLines } from './presence.js'
import type { StagedFile } from './staged-file.js'

export interface SettlementOptions {
  readonly server: FhirServer
  readonly audit: Audit
  readonly items: readonly StagedItem[]
  readonly staged: Source
  readonly openFolder: OpenFolder
  /** How the addresses of the storage account begin that error files are read from. */
  readonly account: string
  indexOf(file: StagedFile): Promise<string>
}

/** What became of the lines of one staged file. */
export interface FileSettlement {
  readonly imported: ImportedFile
  readonly counting: ImportCounting
  readonly issues: IssueCounts
  /** Whether each of its lines has an outcome. If not, nothing of it is settled. */
  readonly isComplete: boolean
}

/** Fate of a line that is not simply loaded. */
type LineFate = Pick<ErrorLine, 'fate' | 'code' | 'message' | 'serverText'>

interface Fates {
  readonly byLine: ReadonlyMap<number, LineFate>
  /** Fate of every other line; undefined for loaded. */
  readonly others?: LineFate
}

const ENTRIES_AT_ONCE = 5000

/**
 * Gives each line of a staged file its outcome, and records it in the audit: what the server counts as loaded or
 * failed, and where it counts nothing, what is found there. Lines that an earlier run settled are passed over. Throws
 * SOURCE_*, SINK_*, LOAD_INVALID.
 */
export async function settleFile(
  input: ImportInput,
  result: JobResult,
  options: SettlementOptions,
): Promise<FileSettlement> {
  const { file } = input
  const { name, type, lines, bytes } = file
  if (result.kind === 'uncounted') {
    const missing = await missingLines(options.server, options.staged, file)
    await record(
      file,
      missing === undefined ? { byLine: NO_LINES, others: UNKNOWN } : missed(missing),
      options,
    )
    const counts = missing === undefined ? {} : { loaded: lines - missing.size, failed: missing.size }
    const counting = missing === undefined ? 'unknown' : 'looked-up'
    return { imported: { name, type, lines, bytes, ...counts }, counting, issues: {}, isComplete: true }
  }
  const { loaded, failed, errorFiles, errorText } = result.files.get(name) ?? NOTHING
  const imported = { name, type, lines, bytes, loaded, failed }
  if (loaded + failed !== lines) return { imported, counting: 'given', issues: {}, isComplete: false }
  if (failed > 0 && errorFiles.length === 0) {
    await record(file, await missedOf(file, failed, { ...options, errorText }), options)
    return { imported, counting: 'given', issues: {}, isComplete: true }
  }
  const { errors, issues } = await readErrorFiles(errorFiles, options)
  const index = errors.length === 0 ? [] : [...indexedLines(await options.indexOf(file))]
  const byLine = new Map<number, LineFate>()
  for (const error of errors) {
    const place = placeOf(error, index)
    if (place !== undefined)
      byLine.set(place, { fate: 'failed', code: 'IMPORT_ERROR', serverText: error.text })
  }
  // If the error files do not say which lines failed, any of the others may be one of them.
  const isPlaced = byLine.size === failed
  await record(file, { byLine, ...(isPlaced ? {} : { others: UNPLACED }) }, options)
  return { imported, counting: 'given', issues, isComplete: true }
}

const NOTHING: FileResult = { loaded: 0, failed: 0, errorFiles: [] }

const NO_LINES: ReadonlyMap<number, LineFate> = new Map()
const UNKNOWN: LineFate = {
  fate: 'ambiguous',
  code: 'IMPORT_UNCOUNTED',
  message: 'the server returns no counts for an import and does not answer searches for the resource',
}
const UNPLACED: LineFate = {
  fate: 'ambiguous',
  code: 'IMPORT_UNPLACED',
  message: 'some lines of this file failed, but the server does not say which',
}
const MISSING: LineFate = {
  fate: 'failed',
  code: 'IMPORT_MISSING',
  message: 'the server completed the import but does not have the resource',
}

const missed = (lines: ReadonlySet<number>): Fates => ({
  byLine: new Map([...lines].map((line) => [line, MISSING])),
})

/**
 * Finds the lines that failed where the server only counts them: those whose resources are missing, if they are as
 * many. If they are not, some failed of which the server has an earlier version.
 */
async function missedOf(
  file: StagedFile,
  failed: number,
  { server, staged, errorText }: SettlementOptions & { readonly errorText: string | undefined },
): Promise<Fates> {
  const missing = await missingLines(server, staged, file)
  const { byLine } = missed(missing ?? new Set())
  const fates = new Map(
    [...byLine].map(([line, fate]) => [line, { ...fate, serverText: errorText }] as const),
  )
  return { byLine: fates, ...(missing?.size === failed ? {} : { others: UNPLACED }) }
}

/** Settles the lines in the order of the file. */
async function record(
  file: StagedFile,
  { byLine, others }: Fates,
  options: SettlementOptions,
): Promise<void> {
  const ids = await idsOf(file, new Set(byLine.keys()), options)
  let entries: SettledEntry[] = []
  let errors: Omit<ErrorLine, 'at'>[] = []
  const settle = async (): Promise<void> => {
    if (entries.length > 0) await options.audit.settle(entries, errors)
    entries = []
    errors = []
  }
  let number = 0
  for (const line of indexedLines(await options.indexOf(file))) {
    const fate = byLine.get(number) ?? others
    const item = options.items[line.item]
    const { ordinal, offset } = line
    if (item !== undefined && !options.audit.recordOf(item).isSettled(ordinal)) {
      entries.push({ item, ordinal, offset, fate: fate?.fate ?? 'loaded', status: fate?.code ?? 'imported' })
      if (fate !== undefined)
        errors.push({
          item: item.name,
          version: item.version,
          ordinal,
          offset,
          type: file.type,
          id: ids.get(number),
          ...fate,
        })
    }
    number += 1
    if (entries.length === ENTRIES_AT_ONCE) await settle()
  }
  if (number !== file.lines) throw damaged(file)
  await settle()
}

/** Without its index, nobody knows where the lines of a file come from. */
const damaged = ({ name }: StagedFile) =>
  sluiceError('STATE_UNREADABLE', {
    at: name,
    message: 'the index that traces its lines to the source is damaged or missing',
    help: 'cancel the import with --cancel-import and run it again',
  })

// Each is a request, if the staging place is remote.
const MAX_IDS = 1000

/** The ids of some lines, for the person who has to mend them; of more lines than `MAX_IDS` only the first. */
async function idsOf(
  file: StagedFile,
  wanted: ReadonlySet<number>,
  { staged, indexOf }: SettlementOptions,
): Promise<ReadonlyMap<number, string>> {
  const ids = new Map<number, string>()
  const item = wanted.size === 0 ? undefined : await staged.head(file.name)
  if (item === undefined) return ids
  let number = 0
  for (const line of indexedLines(await indexOf(file))) {
    if (wanted.has(number)) {
      const bytes = await lineAt(line)
      const id = findStringMember(bytes, 0, bytes.length, 'id')?.text
      if (id !== undefined) ids.set(number, id)
    }
    number += 1
    if (ids.size === MAX_IDS) break
  }
  return ids

  async function lineAt({ start, lengthBytes }: IndexedLine): Promise<Buffer> {
    const bytes = Buffer.alloc(lengthBytes)
    const reader = await staged.open({ ...(item as SourceItem), bytes: start + lengthBytes }, start)
    try {
      await reader.read(bytes)
    } finally {
      await reader.close()
    }
    return bytes
  }
}

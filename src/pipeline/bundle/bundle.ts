import { compressed } from '../../compression/compressed.js'
import { present } from '../../invariant.js'
import { findMember, findStringMember } from '../../json/scanner.js'
import type { LinesResult } from '../../workers/protocol.js'
import { rejectedLine, TOO_LONG } from '../../workers/rejections.js'
import type { AnonymizedChunk } from '../chunks/chunk-result.js'
import type { RunContext } from '../context.js'
import type { ItemWork } from '../item-list.js'
import { codesRemovedIn, sumByKey } from '../report/item-counts.js'
import { anonymizeText, eachBatch, Rejected, TAIL } from './bundle-batches.js'
import { readShell } from './bundle-scan.js'
import { BundleWriter, metaMember } from './bundle-text.js'
import { Malformed } from './document-scanner.js'

/**
 * Anonymizes a Bundle that is too long for a line, split at its entries: first the Bundle without them, then batches
 * of them, each as a small Bundle with the same id and type, so that rules, prefixes and labels see the same.
 * `append` receives the output as it grows; `meta` comes last, with all labels. A bad entry rejects the whole Bundle.
 * The report of the one chunk that the document is. Throws what reading throws.
 */
export async function anonymizeBundle(
  run: RunContext,
  work: ItemWork,
  append: (pieces: readonly Uint8Array[]) => Promise<void>,
): Promise<AnonymizedChunk> {
  const { shell, mark, endOffset } = await readShell(run, work)
  const { compression } = run
  const write = (bytes: Uint8Array): Promise<void> =>
    append([compression === undefined ? bytes : compressed(bytes, compression)])
  const whole = (result: LinesResult): AnonymizedChunk => ({
    offset: mark,
    endOffset,
    output: [],
    parts: [{ offset: mark, result }],
  })
  try {
    if (shell === undefined) throw new Rejected(TOO_LONG.code, TOO_LONG.message, 0)
    if (shell instanceof Malformed) throw new Rejected(shell.code, shell.message, shell.offset)
    if (findStringMember(shell, 0, shell.length, 'resourceType')?.text !== 'Bundle')
      throw new Rejected(TOO_LONG.code, TOO_LONG.message, 0)
    const own = await anonymizeText(run, work, shell)
    const prefix = prefixOf(shell)
    const empty = await anonymizeText(run, work, Buffer.concat([prefix, TAIL]))
    const written = new BundleWriter(own.bytes, write)
    const counts = await eachBatch(run, work, { prefix, mark }, (batch) => written.add(batch))
    await write(written.finish(metaMember(own.bytes, shell, written.labels)))
    return whole(sumOf([own.result, ...counts.map((count) => minus(count, empty.result))]))
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    return whole(rejectedLine(error, { lengthBytes: endOffset - mark, elementOffset: error.offset }))
  }
}

/** Text before the entries of each batch: id and type decide prefixes and what rules see. */
function prefixOf(shell: Buffer): Buffer {
  const members = ['id', 'type'].flatMap((name) => {
    const value = findMember(shell, 0, shell.length, name)
    return value === undefined ? [] : [`"${name}":${shell.toString('utf8', value.start, value.end)}`]
  })
  return Buffer.from(`{${['"resourceType":"Bundle"', ...members, '"entry":['].join(',')}`)
}

type Counts = Readonly<Record<string, number>>

/** Subtracts the Bundle that each batch counts again. */
const minus = (result: LinesResult, empty: LinesResult): LinesResult => ({
  ...result,
  resourcesByType: {},
  elementsByRule: lessBy(result.elementsByRule, empty.elementsByRule),
  codesRemoved: lessBy(result.codesRemoved, empty.codesRemoved),
})

const lessBy = (counts: Counts = {}, less: Counts = {}): Counts =>
  Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [key, Math.max(0, count - (less[key] ?? 0))]),
  )

function sumOf(results: readonly LinesResult[]): LinesResult {
  const [first, ...others] = results
  const sum = { ...present(first, 'the batch of a Bundle') }
  const codes = Object.entries(results.map(({ codesRemoved }) => codesRemoved).reduce(sumByKey, {}) ?? {})
  return {
    ...sum,
    elementsByRule: others.map(({ elementsByRule }) => elementsByRule).reduce(sumByKey, sum.elementsByRule),
    ...codesRemovedIn(Object.fromEntries(codes.filter(([, count]) => count > 0))),
    busyMs: results.reduce((sum, { busyMs }) => sum + busyMs, 0),
  }
}

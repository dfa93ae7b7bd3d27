import { LIST_NAME, REPORT_NAME } from '../../published/names.js'
import { InvalidReport, readList, readPublished } from '../../published/read.js'
import type { PublishedOutput } from '../../published/report.js'
import type { Sink, SinkHead } from '../../storage/store.js'
import { readRunReport } from '../report/state-report.js'

/** An output as a report or a done record describes it. */
export type KnownOutput = Pick<SinkHead, 'bytes' | 'sha256' | 'parts'>

/** Reads what earlier reports say about outputs, by name: first the report in the output, then the one in the state. */
export async function reportedOutputs(sink: Sink): Promise<ReadonlyMap<string, readonly KnownOutput[]>> {
  const found = new Map<string, KnownOutput[]>()
  const kept = await readRunReport(sink.state)
  const all = [...(await publishedIn(sink)), ...(kept?.outputs ?? []), ...(kept?.earlier ?? [])]
  for (const output of all) found.set(output.name, [...(found.get(output.name) ?? []), output])
  return found
}

async function publishedIn(sink: Sink): Promise<readonly PublishedOutput[]> {
  const report = readPublished((await sink.get(REPORT_NAME)) ?? '')
  if (report instanceof InvalidReport) return []
  if (!('file' in report.outputs)) return report.outputs
  const list = readList((await (sink.whole ?? sink).get(LIST_NAME)) ?? '')
  return list instanceof InvalidReport ? [] : list
}

/** Whether the existing output has the bytes of the known one, by its digests. Reads all of it. */
export async function isSameOutput(
  sink: Sink,
  { name, there }: { readonly name: string; readonly there: SinkHead },
  known: KnownOutput | null | undefined,
): Promise<boolean> {
  if (known == null || known.bytes !== there.bytes) return false
  const files: readonly { readonly name: string; readonly sha256?: string | undefined }[] = known.parts ?? [
    { ...known, name },
  ]
  const names = there.parts?.map((part) => part.name) ?? [name]
  if (files.length !== names.length) return false
  for (const [at, file] of files.entries()) {
    if (file.name !== names[at] || file.sha256 === undefined) return false
    if ((await sink.digest(file.name)) !== file.sha256) return false
  }
  return true
}

import type { Sink, SinkHead, SinkPart } from '../storage/store.js'
import { REPORT_NAME, type RunReport } from './report.js'

/** An output as a report or a done record describes it. */
export type KnownOutput = Pick<SinkHead, 'bytes' | 'sha256' | 'parts'>

/** What the reports of earlier runs say of the outputs, by name: the one in the output, then the one in the state. */
export async function reportedOutputs(sink: Sink): Promise<ReadonlyMap<string, readonly KnownOutput[]>> {
  const found = new Map<string, KnownOutput[]>()
  for (const text of [await sink.get(REPORT_NAME), await sink.state.read(REPORT_NAME)])
    for (const output of outputsOf(text)) found.set(output.name, [...(found.get(output.name) ?? []), output])
  return found
}

function outputsOf(text: string | undefined): RunReport['outputs'] {
  try {
    const report = JSON.parse(text ?? 'null') as Partial<RunReport> | null
    if (report?.generator !== 'fhir-sluice' || !Array.isArray(report.outputs)) return []
    return report.outputs.filter((output) => typeof output?.name === 'string')
  } catch {
    return []
  }
}

/** Whether what stands there has the bytes of the known output, by its digests. Reads all of it. */
export async function isSameOutput(
  sink: Sink,
  { name, there }: { readonly name: string; readonly there: SinkHead },
  known: KnownOutput | null | undefined,
): Promise<boolean> {
  if (known == null || known.bytes !== there.bytes) return false
  const files: readonly SinkPart[] = known.parts ?? [{ ...known, name }]
  const names = there.parts?.map((part) => part.name) ?? [name]
  if (files.length !== names.length) return false
  for (const [at, file] of files.entries()) {
    if (file.name !== names[at] || file.sha256 === undefined) return false
    if ((await sink.digest(file.name)) !== file.sha256) return false
  }
  return true
}

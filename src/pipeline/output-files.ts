import { filesOf } from '../storage/split.js'
import type { Sink, SinkHead } from '../storage/store.js'

/**
 * An output that was split and is no longer, or the other way round, has other files under the same name: they go once
 * the new ones are there, and before the record that names them does.
 */
export async function removeOtherForm(
  sink: Sink,
  output: string,
  { before, now }: { readonly before: SinkHead | null | undefined; readonly now: SinkHead | null },
): Promise<void> {
  if (before == null) return
  if (now === null || (before.parts === undefined) !== (now.parts === undefined))
    await removeFiles(sink, output, before)
}

/** The files of an output, by the sink that holds files. */
const fileSink = (sink: Sink): Sink => sink.whole ?? sink

/**
 * The names of the files of an output, if each is as the run left it: by its version, or by its digest where it was
 * copied or restored since.
 */
export async function filesAsLeft(
  sink: Sink,
  output: string,
  head: SinkHead,
): Promise<readonly string[] | undefined> {
  const files = fileSink(sink)
  const names: string[] = []
  for (const { name, bytes, version, sha256 } of filesOf(output, head)) {
    const there = await files.head(name)
    const isSame =
      there?.version === version ||
      (there?.bytes === bytes && sha256 !== undefined && (await files.digest(name)) === sha256)
    if (!isSame) return undefined
    names.push(name)
  }
  return names
}

/** Those that are still as they were left; the last one first, as a gap would hide those behind it. */
async function removeFiles(sink: Sink, output: string, head: SinkHead): Promise<void> {
  const files = fileSink(sink)
  for (const { name, version } of filesOf(output, head).toReversed())
    if ((await files.head(name))?.version === version) await files.remove(name)
}

/** Removes files by their names, the last one first. */
export async function removeNamed(sink: Sink, names: readonly string[]): Promise<void> {
  for (const name of names.toReversed()) await fileSink(sink).remove(name)
}

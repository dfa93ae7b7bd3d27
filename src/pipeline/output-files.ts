import { filesOf } from '../storage/split.js'
import type { Sink, SinkHead } from '../storage/store.js'

/**
 * An output that was split and no longer is, or the other way round, has other files under the same name. They are
 * removed once the new ones exist, and before the record that names them is.
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

/** Removes those files of an earlier output, if unchanged, that are not files of the one that replaced it. */
export async function removeReplaced(
  sink: Sink,
  output: string,
  { before, now }: { readonly before: SinkHead | null | undefined; readonly now: SinkHead | null },
): Promise<void> {
  if (before == null) return
  const kept = new Set(now === null ? [] : filesOf(output, now).map(({ name }) => name))
  await removeFiles(sink, output, before, kept)
}

/** Lists the files of an output, using the sink that holds files. */
const fileSink = (sink: Sink): Sink => sink.whole ?? sink

/**
 * Returns the names of an output's files if each is as the run left it: by its version, or by its digest if it was
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

/** Returns the unchanged ones, last first, because a gap would hide the later ones. */
async function removeFiles(
  sink: Sink,
  output: string,
  head: SinkHead,
  kept: ReadonlySet<string> = new Set(),
): Promise<void> {
  const files = fileSink(sink)
  for (const { name, version } of filesOf(output, head).toReversed())
    if (!kept.has(name) && (await files.head(name))?.version === version) await files.remove(name)
}

/** Removes files by name, last first. */
export async function removeNamed(sink: Sink, names: readonly string[]): Promise<void> {
  for (const name of names.toReversed()) await fileSink(sink).remove(name)
}

/** A code system that Sluice knows: its urls and what a code of it looks like. */
export interface CodeSystem {
  readonly title: string
  /** The official url first, then official aliases: OIDs and urls of earlier editions. Compared exactly. */
  readonly urls: readonly string[]
  /** The edition or year of the form or list. */
  readonly edition: string
  /** What `accepts` checks, in words. */
  readonly form: string
  /** Whether a text has the form of a code of this system, or is in its list. */
  readonly accepts: (code: string) => boolean
}

/** Code systems that a configuration lists by one name. */
export interface CodeSet {
  readonly name: string
  readonly title: string
  /** What a reader of the output should know: licence, what the form lets through. */
  readonly note: string
  readonly systems: () => readonly CodeSystem[]
}

/** Returns a set that holds one code system. */
export function singleSet(name: string, note: string, system: CodeSystem): CodeSet {
  const systems = [system]
  return { name, title: system.title, note, systems: () => systems }
}

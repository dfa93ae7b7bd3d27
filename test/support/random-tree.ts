import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { firstOf } from './elements.js'
import type { Random } from './random.js'
import { type Counts, randomContent } from './random-content.js'

/** What has to become of an entry, by its making and not by the program's own rules. */
export type Fate =
  | { readonly kind: 'lines'; readonly counts: Counts }
  | { readonly kind: 'fails' }
  | { readonly kind: 'left-out'; readonly reason: string }

export interface RandomTree {
  /** By path below the input, as Node shows it. */
  readonly fates: ReadonlyMap<string, Fate>
  /** Two items want one output, or one needs another one's name for a folder: the run refuses all of it. */
  readonly collides: boolean
  /** A folder cannot be read: the run refuses all of it. */
  readonly isClosed: boolean
}

const STEMS: readonly (string | Buffer)[] = [
  ...[
    'a',
    'A',
    'Patient',
    'Ünï',
    '東京',
    '😀',
    'e\u0301',
    '\u00e9',
    'a b',
    'tab\t',
    'nl\nnl',
    'cr\r',
    'esc\u001b[31m',
  ],
  ...[
    '"',
    "it's",
    'back\\slash',
    '-i',
    '--help',
    '%2e%2e',
    'CON',
    '\u202egpj',
    '$(touch x)',
    '*',
    '..a',
    'a..',
    '~',
  ],
  ...[
    '.hidden',
    'run',
    'RUN',
    'outputs',
    'run.json',
    'a.part',
    'a.0a1b2c3d.part',
    'a.sluice',
    'left-out',
    'epoch',
  ],
  ...['x'.repeat(190), 'y'.repeat(196), 'z'.repeat(240), 'é'.repeat(99), '\u0085', '\ufeff'],
  ...[Buffer.from([0x66, 0xff]), Buffer.from([0xc3, 0x28]), Buffer.from([0xed, 0xa0, 0x80])],
]
const ENDINGS = [
  ...[
    '.ndjson',
    '.ndjson',
    '.ndjson',
    '.jsonl',
    '.xndjson',
    '.json',
    '.NDJSON',
    '.Json',
    '.ndjson.gz',
    '.json.gz',
  ],
  ...['.ndjson.GZ', '', '.txt', '.gz', '.ndjson.part', '.ndjson.bak', '.ndjson.gz.gz'],
]
const ITEM = /\.(ndjson|jsonl|xndjson|json)(\.gz)?$/i
const REPORT = /^(run\.json|outputs\.ndjson)(\.gz)?$/i

const bytesOf = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text) : text)

/** Writes a random tree into `input`; `outside` gets what its links lead to. */
export function writeRandomTree(
  random: Random,
  { input, outside, isRoot }: { readonly input: string; readonly outside: string; readonly isRoot: boolean },
): RandomTree {
  const fates = new Map<string, Fate>()
  mkdirSync(input)
  mkdirSync(join(outside, 'folder'), { recursive: true })
  writeFileSync(join(outside, 'folder', 'never-read.ndjson'), 'CANARY\n')
  let isClosed = false

  /** Adds to a folder; `above` is why nothing below a folder is read. */
  const fill = (folder: Buffer, prefix: string, depth: number): void => {
    for (let left = random.between(depth === 0 ? 1 : 0, 5); left > 0; left -= 1) {
      const stem = bytesOf(random.pick(STEMS))
      const base = Buffer.concat([stem, Buffer.from(random.pick(ENDINGS))])
      const path = Buffer.concat([folder, Buffer.from('/'), base])
      const shown = base.toString()
      if (base.length > 255 || exists(path)) continue
      const name = prefix + shown
      if (depth < 3 && random.chance(0.25)) {
        mkdirSync(path)
        if (shown.startsWith('.')) fates.set(name, { kind: 'left-out', reason: 'hidden' })
        else if (name.includes('\ufffd')) isClosed = true
        else if (isRoot || random.chance(0.9)) fill(path, `${name}/`, depth + 1)
        else {
          chmodSync(path, random.pick([0o000, 0o100, 0o300]))
          isClosed = true
        }
      } else fates.set(name, fateOf(name, writeEntry(path, name)))
    }
  }

  type Written = { readonly counts?: Counts | undefined; readonly leftOut?: string }
  const writeEntry = (path: Buffer, name: string): Written => {
    const kind = random.below(12)
    if (kind === 0) return fifo(path)
    if (kind === 1)
      return link(
        random.pick(['nowhere', '/dev/null', bytesOf(path).toString(), 'a/b/c']),
        path,
        'not-a-file',
      )
    if (kind === 2)
      return link(random.pick(['.', '..', '/', outside, join(outside, 'folder')]), path, 'link-to-folder')
    const { bytes, counts } = randomContent(random, /\.json(\.gz)?$/i.test(name))
    if (kind === 3) {
      const target = join(outside, `target-${fates.size}`)
      writeFileSync(target, bytes)
      symlinkSync(target, path)
      return name.includes('\ufffd') ? { leftOut: 'not-a-file' } : { counts }
    }
    writeFileSync(path, bytes)
    if (isRoot || random.chance(0.85)) return { counts }
    chmodSync(path, random.pick([0o000, 0o200, 0o100]))
    return {}
  }

  fill(Buffer.from(input), '', 0)
  return { fates, collides: collides(fates), isClosed }
}

function fateOf(
  name: string,
  { counts, leftOut }: { readonly counts?: Counts | undefined; readonly leftOut?: string },
): Fate {
  const base = name.slice(name.lastIndexOf('/') + 1)
  const isLost = leftOut !== undefined && name.includes('\ufffd')
  // Nobody can look at what a link of such a name leads to.
  if (isLost && ITEM.test(base)) return { kind: 'fails' }
  const reason = base.startsWith('.')
    ? 'hidden'
    : isLost
      ? 'not-a-file'
      : (leftOut ?? (REPORT.test(base) ? 'own-name' : ITEM.test(base) ? undefined : 'unknown-ending'))
  if (reason !== undefined) return { kind: 'left-out', reason }
  const isUsable = !name.includes('\ufffd') && name.split('/').every((part) => Buffer.byteLength(part) <= 200)
  return counts === undefined || !isUsable ? { kind: 'fails' } : { kind: 'lines', counts }
}

function collides(fates: ReadonlyMap<string, Fate>): boolean {
  const items = [...fates].filter(([, { kind }]) => kind !== 'left-out').map(([name]) => name)
  const outputs = items.map((name) => name.replace(/\.gz$/i, ''))
  return (
    new Set(outputs).size < outputs.length ||
    outputs.some((name) => name.includes('/') && REPORT.test(firstOf(name.split('/')))) ||
    outputs.some((name) => outputs.some((other) => other.startsWith(`${name}/`)))
  )
}

function exists(path: Buffer): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function fifo(path: Buffer): { readonly leftOut: string } {
  // A process cannot be given a name that is not valid UTF-8.
  if (path.equals(Buffer.from(path.toString()))) execFileSync('mkfifo', ['--', path.toString()])
  else symlinkSync('nowhere', path)
  return { leftOut: 'not-a-file' }
}

function link(target: string, path: Buffer, leftOut: string): { readonly leftOut: string } {
  symlinkSync(target, path)
  return { leftOut }
}

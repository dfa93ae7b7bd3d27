import { addLabels, metaWithLabels } from '../../anonymizer/labels.js'
import { Output } from '../../anonymizer/output.js'
import { findMember, skipSpace, skipString, skipValue } from '../../json/scanner.js'

const RECORD_BITS = [1, 2, 4, 8, 16, 32, 64]
const labelText = (bit: number): string => {
  const text = metaWithLabels(bit).toString('utf8')
  return text.slice(text.indexOf('[') + 1, text.lastIndexOf(']'))
}

/** Labels of the resource's `meta.security`. */
function labelsOf(resource: Buffer): number {
  const meta = findMember(resource, 0, resource.length, 'meta')
  if (meta === undefined) return 0
  const text = resource.toString('utf8', meta.start, meta.end)
  return RECORD_BITS.reduce((bits, bit) => (text.includes(labelText(bit)) ? bits | bit : bits), 0)
}

/** Returns the elements of `entry` without brackets; empty if there are none. */
function entriesOf(bundle: Buffer): Buffer {
  const entry = findMember(bundle, 0, bundle.length, 'entry')
  return entry === undefined ? Buffer.alloc(0) : bundle.subarray(entry.start + 1, entry.end - 1)
}

/** Returns the members of an object except one, without braces. */
function membersBut(resource: Buffer, name: string): Buffer {
  const kept: Buffer[] = []
  const end = resource.length
  for (let at = skipSpace(resource, 1, end); resource[at] === 0x22; ) {
    const start = at
    const keyEnd = skipString(resource, at, end)
    const valueStart = skipSpace(resource, skipSpace(resource, keyEnd, end) + 1, end)
    at = skipValue(resource, valueStart, end, 1)
    if (JSON.parse(resource.toString('utf8', start, keyEnd)) !== name) kept.push(resource.subarray(start, at))
    at = skipSpace(resource, at, end)
    if (resource[at] === 0x2c) at = skipSpace(resource, at + 1, end)
  }
  return Buffer.from(kept.map((member) => member.toString('latin1')).join(','), 'latin1')
}

/**
 * Makes the member `meta` of a Bundle with all labels in order: its own (`shell`, anonymized without its entries) and
 * those of its entries. Empty if there are none.
 */
export function metaMember(shell: Buffer, before: Buffer, records: number): Buffer {
  const all = records | labelsOf(shell)
  const meta = findMember(shell, 0, shell.length, 'meta')
  if (meta === undefined) return all === 0 ? Buffer.alloc(0) : metaWithLabels(all)
  const own = withoutNewLabels(shell.toString('latin1', meta.start, meta.end), labelsOf(before))
  if (own === '{}') return all === 0 ? Buffer.alloc(0) : metaWithLabels(all)
  const out = new Output(own.length + 1024)
  out.bytes.set(Buffer.from(own, 'latin1'))
  out.length = own.length
  if (all !== 0) addLabels(out, 0, out.length, all)
  return Buffer.concat([Buffer.from('"meta":'), out.bytes.subarray(0, out.length)])
}

/** Removes labels; they are added again in one order with those of the entries. */
function withoutNewLabels(meta: string, before: number): string {
  let text = meta
  for (const bit of RECORD_BITS) {
    if ((before & bit) !== 0) continue
    const label = labelText(bit)
    text = text.replace(`,${label}`, '').replace(`${label},`, '').replace(label, '')
  }
  return text === meta ? text : text.replace(/,?"security":\[\]/, '').replace('{,', '{')
}

/** Assembles a Bundle from its parts. */
export class BundleWriter {
  labels = 0
  #entries = 0
  readonly #members: Buffer

  readonly #write: (bytes: Uint8Array) => Promise<void>

  constructor(shell: Buffer, write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write
    this.#members = membersBut(shell, 'meta')
  }

  async add(bundle: Buffer): Promise<void> {
    this.labels |= labelsOf(bundle)
    const entries = entriesOf(bundle)
    if (entries.length === 0) return
    const comma = this.#members.length > 0 ? ',' : ''
    const before =
      this.#entries === 0
        ? [Buffer.from('{'), this.#members, Buffer.from(`${comma}"entry":[`)]
        : [Buffer.from(',')]
    this.#entries += 1
    await this.#write(Buffer.concat([...before, entries]))
  }

  /** Closing text of the document. */
  finish(meta: Buffer): Buffer {
    const open = this.#entries === 0 ? Buffer.concat([Buffer.from('{'), this.#members]) : Buffer.from(']')
    const comma = meta.length > 0 && (this.#entries > 0 || this.#members.length > 0) ? ',' : ''
    return Buffer.concat([open, Buffer.from(comma), meta, Buffer.from('}\n')])
  }
}

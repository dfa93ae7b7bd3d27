import { patientIdOf } from '../../fhir/patient-compartment.js'
import { trimText } from '../../fhir/text.js'
import { findMember, JsonError, stringText } from '../../json/scanner.js'
import { isFailure, type LeafPlace } from '../methods/leaf.js'
import { prefixSource } from '../methods/shift-prefix.js'
import type { Program } from '../program.js'
import type { LineContext } from '../spec.js'
import type { ResourceStart } from './edges.js'
import type { WalkMap } from './walk-memory.js'

/**
 * Finds the prefix that decides by how many days a date shifts, where the module does not find it by itself. It is often
 * the root's id, which a rule may have hashed already or may change later.
 */
export class ShiftPrefixes {
  /** Number of the rule that asks. */
  rule = 0
  readonly #program: Program
  readonly #memory: WalkMap
  /** The place of the value that asks. */
  readonly #place: Pick<LeafPlace, 'item' | 'record'>
  readonly #startAt: (address: number) => ResourceStart | undefined
  #context: LineContext | undefined
  #sourceEnd = 0
  /** The last answers, and where the resources begin that they are for: a Bundle's entries ask again and again. */
  #lastRoot = { at: 0, id: NO_ID }
  #lastRootPatient = { at: 0, id: '' }

  constructor(
    program: Program,
    memory: WalkMap,
    place: Pick<LeafPlace, 'item' | 'record'>,
    startAt: (address: number) => ResourceStart | undefined,
  ) {
    this.#program = program
    this.#memory = memory
    this.#place = place
    this.#startAt = startAt
  }

  /** Begins a call whose source ends at an address. */
  begin(context: LineContext, sourceEnd: number): void {
    this.#context = context
    this.#sourceEnd = sourceEnd
    this.#lastRoot = { at: 0, id: NO_ID }
    this.#lastRootPatient = { at: 0, id: '' }
  }

  /** Returns the prefix for a date of the module's current resource. Throws JsonError. */
  prefix(): string {
    const itemPrefix = this.#context?.dateShiftPrefix ?? ''
    switch (prefixSource(this.#program.spec.parameters.dateShiftScope, itemPrefix)) {
      case 'patient':
        return this.#patientId()
      case 'item':
        return itemPrefix
      case 'root':
        return this.#rootId()
    }
  }

  /** Returns the id of the owner's patient. */
  #patientId(): string {
    const { ownerStart, ownerAt, rootAt } = this.#memory.exports
    const at = ownerAt.value
    if (this.#lastRootPatient.at === at) return this.#lastRootPatient.id
    const type = this.#startAt(ownerStart.value)?.type.name ?? ''
    const id = patientIdOf(type, this.#memory.bytes, at, this.#sourceEnd)
    if (at === rootAt.value) this.#lastRootPatient = { at, id }
    return id
  }

  /** Returns the root's id. In the root's own turn, only the rules before the asking one have changed it. */
  #rootId(): string {
    const at = this.#memory.exports.rootAt.value
    if (this.#lastRoot.at !== at) this.#lastRoot = { at, id: this.#findRootId() }
    const { raw, changed, rule } = this.#lastRoot.id
    return this.#memory.exports.depthOfResource.value === 1 && rule > this.rule ? raw : changed
  }

  #findRootId(): RootId {
    const { bytes, exports } = this.#memory
    const rootAt = exports.rootAt.value
    const found = findMember(bytes, rootAt, this.#sourceEnd, 'id')
    if (found === undefined) return NO_ID
    if (bytes[found.start] !== QUOTE)
      throw new JsonError('INVALID_JSON', found.start, 'the id is not a string')
    const raw = trimText(stringText(bytes, found.start, found.end))
    const start = this.#startAt(exports.rootStart.value)
    const table = start?.kind === 'table' ? start.table : undefined
    const facts = table?.edge('id')?.facts
    if (start !== undefined && (facts === undefined || facts.variants !== undefined))
      throw new JsonError('INVALID_JSON', found.start, 'the rule for the id depends on the data')
    const { rule, leaf } = facts ?? {}
    if (rule === undefined || leaf === undefined || raw === '') return { raw, changed: raw, rule: 0 }
    const digitsAt = exports.rootDigitsAt.value
    if (digitsAt > 0) {
      exports.settleHashes()
      return { raw, changed: bytes.latin1Slice(digitsAt, digitsAt + 64), rule: rule.number }
    }
    const { item, record } = this.#place
    const offset = (this.#context?.baseOffset ?? 0) + found.start - exports.lineStart.value
    const change = rule.change({ ...leaf, text: raw }, { item, record, offset, prefix: () => '' })
    const json = isFailure(change) ? undefined : change.json
    const changed = json === undefined ? raw : json === null ? '' : (JSON.parse(json) as string)
    return { raw, changed, rule: rule.number }
  }
}

/** The root's id in the source, after the rule that claims it, and the number of that rule. */
interface RootId {
  readonly raw: string
  readonly changed: string
  readonly rule: number
}

const NO_ID: RootId = { raw: '', changed: '', rule: 0 }
const QUOTE = 0x22

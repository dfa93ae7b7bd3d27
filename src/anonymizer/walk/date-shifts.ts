import { patientIdOf } from '../../fhir/patient-compartment.js'
import { trimText } from '../../fhir/text.js'
import { findMember, JsonError, stringText } from '../../json/scanner.js'
import { isFailure, type LeafPlace } from '../methods/leaf.js'
import type { ShiftDays } from '../methods/shift-days.js'
import { type PrefixSource, prefixSource } from '../methods/shift-prefix.js'
import type { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext } from '../spec.js'
import { HashQueue } from './hash-queue.js'
import { LineCopy } from './line-copy.js'
import type { Table } from './walk-tables.js'

/**
 * Finds the days by which the line's dates shift. The prefix that decides them is often the root's id, which a rule
 * may have hashed already or may change later.
 */
export class DateShifts extends LineCopy {
  protected readonly hashes: HashQueue | undefined
  /** Place of the value for which a method is called. */
  protected readonly place: MutablePlace
  protected context: LineContext = NO_CONTEXT

  /** Start of the resource whose patient decides the shift; `ownerType` is its type. */
  protected ownerStart = 0
  protected ownerType = ''
  /** Id of the owner's patient; undefined until it is looked up. */
  protected patientId: string | undefined
  /** Number of open resources; 1 in the root. */
  protected depthOfResource = 0
  protected rootTable: Table | undefined
  /** Number of the rule that shifts the date. */
  protected shiftingRule = 0
  /** Position of the root's hashed id in the output; 0 until it is written. */
  protected rootDigitsAt = 0
  /** Number of the rule that hashed the root's id. */
  protected rootDigitsRule = 0
  /** Days of the shift for that id; UNKNOWN_DAYS until needed. */
  #rootDays = UNKNOWN_DAYS
  #rootIds: RootId | undefined

  constructor(protected readonly program: Program) {
    super()
    const { cryptoHashKey } = program.spec.parameters
    const hashes = program.neededKeys.has('cryptoHashKey')
    this.hashes = hashes && cryptoHashKey !== undefined ? new HashQueue(cryptoHashKey) : undefined
    this.place = { item: '', record: 0, offset: 0, prefix: () => this.prefix() }
  }

  protected beginLine(context: LineContext): void {
    this.context = context
    this.place.item = context.item
    this.place.record = context.record
    this.depthOfResource = 0
    this.rootTable = undefined
    this.rootDigitsAt = 0
    this.#rootIds = undefined
    this.#rootDays = UNKNOWN_DAYS
  }

  /**
   * Returns the days for the owner of the value: by the digits of the root's id if they are in the output, otherwise
   * by the prefix.
   */
  protected days(shiftDays: ShiftDays): number | undefined {
    const isAfterId = this.depthOfResource > 1 || this.rootDigitsRule < this.shiftingRule
    if (this.rootDigitsAt === 0 || !isAfterId || this.#prefixSource() !== 'root')
      return shiftDays.ofPrefix(this.prefix())
    if (this.#rootDays === UNKNOWN_DAYS) {
      this.hashes?.settle(this.sourceView, this.out as Output)
      this.#rootDays = shiftDays.ofDigits(this.target, this.rootDigitsAt)
    }
    return this.#rootDays
  }

  /** Returns the prefix of the scope, or else the root's id as the rules before the shifting one left it. */
  protected prefix(): string {
    switch (this.#prefixSource()) {
      case 'patient':
        this.patientId ??= patientIdOf(this.ownerType, this.source, this.ownerStart, this.end)
        return this.patientId
      case 'item':
        return this.context.dateShiftPrefix
      case 'root':
        return this.#rootId()
    }
  }

  #prefixSource(): PrefixSource {
    return prefixSource(this.program.spec.parameters.dateShiftScope, this.context.dateShiftPrefix)
  }

  /** Returns the root's id. In the root's own turn, only the rules before the shifting one have changed it. */
  #rootId(): string {
    this.#rootIds ??= this.#findRootId()
    const { raw, changed, rule } = this.#rootIds
    return this.depthOfResource === 1 && rule > this.shiftingRule ? raw : changed
  }

  #findRootId(): RootId {
    const { source } = this
    const found = findMember(source, this.lineStart, this.end, 'id')
    if (found === undefined) return NO_ID
    if (source[found.start] !== 0x22)
      throw new JsonError('INVALID_JSON', found.start, 'the id is not a string')
    const raw = trimText(stringText(source, found.start, found.end))
    const edge = this.rootTable?.edges.find(({ leaf, isUnderscore }) => leaf.name === 'id' && !isUnderscore)
    const rule = edge?.rule
    if (rule === undefined || edge === undefined || raw === '') return { raw, changed: raw, rule: 0 }
    const offset = this.context.baseOffset + found.start - this.lineStart
    if (this.rootDigitsAt > 0) {
      this.hashes?.settle(this.sourceView, this.out as Output)
      const changed = this.target.latin1Slice(this.rootDigitsAt, this.rootDigitsAt + 64)
      return { raw, changed, rule: rule.number }
    }
    const change = rule.change({ ...edge.leaf, text: raw }, { ...this.place, offset, prefix: () => '' })
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

type MutablePlace = { -readonly [K in keyof LeafPlace]: LeafPlace[K] }

const UNKNOWN_DAYS = 2 ** 30
const NO_CONTEXT: LineContext = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }

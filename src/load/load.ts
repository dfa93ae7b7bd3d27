import { isSluiceError } from '../errors.js'
import { present } from '../invariant.js'
import { destroySecrets } from '../pipeline/checkpoint/run-secrets.js'
import type { Source } from '../storage/store.js'
import type { Audit } from './audit/audit.js'
import type { AnswerFacts } from './audit/audit-line.js'
import type { ErrorLine } from './audit/error-line.js'
import type { Delivery, Exchange, LoadBundle, Sender } from './bundle.js'
import { Deliveries, type DeliveryLimits } from './deliveries.js'
import type { EntryLimits } from './entries/limits.js'
import type { Interruption } from './interruption.js'
import { OpenItems } from './open-items.js'
import type { LoadFaultPoint, LoadOptions, LoadReport } from './options.js'
import { Passes } from './passes.js'
import type { Preparer, PreparerResult } from './prepare/preparer.js'
import type { BundleCutter } from './send/bundle-cutter.js'
import { type EndedEntry, endedEntries, Rejections, unrepeatable } from './settlement.js'
import { Tally } from './tally.js'
import { isOfLoadState } from './target.js'
import type { LoadItem, LoadUnit } from './unit.js'

// A header can hold any text; the audit must not.
const PLAIN_ID = /^[\w.:|-]{1,100}$/

// True of what is anonymized into files; a load has sent what came before.
const NOT_COMMITTED = '; nothing of it was committed'

/** What a load works with; `openLoad` makes it. */
export interface LoadParts {
  readonly audit: Audit
  readonly preparer: Preparer
  readonly cutter: BundleCutter
  readonly sender: Sender
  readonly interruption: Interruption
  readonly deliveryLimits: DeliveryLimits
  readonly entryLimits: EntryLimits
  readonly base: string
  /** Throws LOAD_REFUSED unless the address is that of a FHIR server. */
  checkServer(): Promise<void>
  close(): Promise<void>
}

/** A load under way. */
export class Load {
  readonly source: Source
  readonly preparer: Preparer
  readonly passes: Passes
  readonly #options: LoadOptions
  readonly #parts: LoadParts
  readonly #tally = new Tally()
  readonly #items: OpenItems
  readonly #deliveries: Deliveries
  readonly #rejections = new Rejections((entries, errors) => this.#settle(entries, errors))
  readonly #faultPoint: (point: LoadFaultPoint) => void
  #checked: Promise<void> | undefined
  #bundleCount = 0
  #failure: { readonly reason: unknown } | undefined

  constructor(options: LoadOptions, parts: LoadParts) {
    this.source = options.source
    this.preparer = parts.preparer
    this.passes = new Passes(options.order ?? 'input')
    this.#options = options
    this.#parts = parts
    this.#items = new OpenItems(parts.audit, this.#tally, options)
    this.#faultPoint = options.faultPoint ?? (() => {})
    const delivery: Delivery = {
      sending: (bundle) => this.#sending(bundle),
      settle: (exchange) => this.#answered(exchange),
    }
    this.#deliveries = new Deliveries(
      (bundle) => parts.sender.deliver(bundle, delivery),
      parts.deliveryLimits,
      (reason) => this.fail(reason),
    )
  }

  /** Prevents later passes from reporting skipped files again. */
  get entryLimits(): EntryLimits {
    const { entryLimits } = this.#parts
    return this.passes.isFirst ? entryLimits : { ...entryLimits, onEvent: () => {} }
  }

  /** Returns whether the current pass reads an item. */
  async opens(item: LoadItem): Promise<boolean> {
    if (isOfLoadState(item.name) || !this.passes.reads(item.name)) return false
    if (!(await this.#items.open(item))) return false
    this.#faultPoint('item-opened')
    return true
  }

  /** The units of an item that are still to be loaded in this pass. */
  async *unitsOf(item: LoadItem): AsyncIterable<LoadUnit> {
    const record = this.#items.record(item)
    let last = -1
    for await (const unit of item.units({
      skip: (ordinal) => record.isSettled(ordinal),
      signal: this.#parts.interruption.signal,
    })) {
      const { ordinal, offset } = placeOf(unit)
      last = ordinal
      this.#tally.reading(item, offset)
      if (!this.passes.takes(item.name, unit)) continue
      // Nothing of a resource goes to what is not a FHIR server.
      this.#checked ??= this.#parts.checkServer()
      await this.#checked
      yield unit
    }
    this.#tally.reading(item, 0)
    record.readToEnd(last)
    await this.#parts.audit.settleEnd(record)
    await this.#items.settled([item.name])
  }

  /** Sends what a unit became, or settles it if it is not to be sent. */
  async take(item: LoadItem, result: PreparerResult): Promise<void> {
    switch (result.kind) {
      case 'rejected':
        return this.#rejections.add(item, result)
      case 'deferred':
        if (!this.passes.holds(item.name)) await this.#rejections.add(item, result)
        return
      case 'entry':
      case 'transaction':
        for (const bundle of this.#parts.cutter.add(item, result)) await this.#deliveries.start(bundle)
    }
  }

  /** Continues without an item that cannot be read to its end. Throws what is not the item's own failure. */
  leaveOut(item: LoadItem, error: unknown): void {
    if (this.#failure !== undefined || !isSluiceError(error) || error.blame !== 'source') throw error
    const { code, message } = error
    this.#items.leaveOut(item, { code, message: message.replace(NOT_COMMITTED, '') })
  }

  /** Settles everything that was taken. */
  async endPass(): Promise<void> {
    await this.#rejections.flush()
    for (const bundle of this.#parts.cutter.rest()) await this.#deliveries.start(bundle)
    await this.#deliveries.end()
    this.preparer.newRound()
    this.#faultPoint('pass-ended')
  }

  /** Ends a load whose passes are over. Throws RECONCILIATION_FAILED if an entry has no outcome. */
  async end(): Promise<LoadReport> {
    const { source, state, plan, onEvent = () => {} } = this.#options
    this.#items.end()
    await this.#parts.audit.end()
    const report = this.#tally.report({
      base: this.#parts.base,
      source: source.place,
      state: state.place,
    })
    this.#faultPoint('before-report')
    await state.write('report.json', `${JSON.stringify(report, null, 2)}\n`)
    this.#faultPoint('after-report')
    // Failed entries may be tried again, with the same keys.
    if (plan !== undefined && report.read === report.loaded && report.unreadable.length === 0)
      await destroySecrets(state)
    const { read, loaded, failed, ambiguous, seconds } = report
    onEvent({ event: 'load.finished', level: 'info', read, loaded, failed, ambiguous, seconds })
    return report
  }

  /** Has everything under way end. Returns the first failure. */
  fail(reason: unknown): unknown {
    this.#failure ??= { reason }
    this.#parts.interruption.abort(this.#failure.reason)
    return this.#failure.reason
  }

  async close(): Promise<void> {
    await this.#deliveries.settle()
    await this.#parts.close()
  }

  async #sending(bundle: LoadBundle): Promise<void> {
    const entries = unrepeatable(bundle)
    if (entries.length === 0) return
    this.#faultPoint('before-sending')
    await this.#parts.audit.sending(entries)
    this.#faultPoint('after-sending')
  }

  async #answered(exchange: Exchange): Promise<void> {
    this.#faultPoint('after-answer')
    this.#tally.request(exchange.bytes)
    const { ms, httpStatus, requestId = '' } = exchange
    const { entries, errors } = endedEntries(exchange, this.passes)
    this.#bundleCount += 1
    await this.#settle(entries, errors, {
      bundle: this.#bundleCount,
      ms,
      httpStatus,
      requestId: PLAIN_ID.test(requestId) ? requestId : undefined,
    })
  }

  async #settle(
    entries: readonly EndedEntry[],
    errors: readonly Omit<ErrorLine, 'at'>[],
    answer?: AnswerFacts,
  ): Promise<void> {
    await this.#parts.audit.settle(entries, errors, answer)
    this.#faultPoint('after-audit')
    this.#tally.settled(entries)
    this.passes.loaded(entries.filter(({ fate }) => fate === 'loaded').length)
    await this.#items.settled(entries.map(({ item }) => item.name))
    this.#options.onProgress?.(this.#tally.progress())
  }
}

function placeOf(unit: LoadUnit): { readonly ordinal: number; readonly offset: number } {
  switch (unit.kind) {
    case 'rejected':
      return unit
    case 'entry':
      return unit.entry
    case 'transaction':
      return present(unit.entries.at(-1), 'the last entry of a transaction')
  }
}

import { parseJson } from '../../json/parse.js'
import { skipSpace } from '../../json/scanner.js'
import { isManifest } from '../manifest.js'
import type { LoadUnit } from '../unit.js'
import { type BundleFacts, bundleFault, readFacts, useOf } from './bundle-facts.js'
import { bundleUnits } from './bundle-units.js'
import { type Fault, NOT_A_RESOURCE, tooLong } from './faults.js'
import { textUnit } from './text-units.js'
import type { UnitRun } from './unit-run.js'
import type { Window } from './window.js'

/** The units of JSON documents of any size and layout, one after the other: Bundles and single resources. */
export async function* documentUnits(
  window: Window,
  run: UnitRun,
  onManifest: () => void,
): AsyncGenerator<LoadUnit, void> {
  while (await findsDocument(window)) {
    run.check()
    run.textCount += 1
    const startOffset = window.place
    if (window.bytes[window.at] !== OPEN) {
      await passRest(window, run)
      const rejected = run.rejected(NOT_A_RESOURCE, startOffset, window.place - startOffset)
      if (rejected !== undefined) yield rejected
      return
    }
    window.hold()
    const facts = await readFacts(window, run)
    const fault = bundleFault(facts)
    if (fault === undefined) {
      await window.rewind(startOffset)
      yield* bundleUnits(window, facts, run)
    } else if (await isManifestIn(window, facts)) onManifest()
    else {
      const unit = await resourceUnit(window, { facts, fault }, run)
      if (unit !== undefined) yield unit
    }
    if (facts.isLost) return
    await window.rewind(facts.endOffset)
  }
}

/** The unit of a document that is one resource, or nothing that can be loaded. */
async function resourceUnit(
  window: Window,
  { facts, fault }: { readonly facts: BundleFacts; readonly fault: Fault },
  run: UnitRun,
): Promise<LoadUnit | undefined> {
  const { startOffset, endOffset, isLost, resourceType, type } = facts
  const lengthBytes = endOffset - startOffset
  const isResource = !isLost && (resourceType !== 'Bundle' || useOf(type) === 'resource')
  if (!isResource) return run.rejected(fault, startOffset, lengthBytes)
  const { maxEntryBytes } = run.limits
  if (lengthBytes > maxEntryBytes) return run.rejected(tooLong(maxEntryBytes), startOffset, lengthBytes)
  await holdAll(window, facts)
  const { bytes, at } = window
  const unit = textUnit({ bytes, start: at, end: at + lengthBytes, offset: startOffset }, run)
  return unit === 'bundle' ? run.rejected(fault, startOffset, lengthBytes) : unit
}

/** A longer one is only said to have no type. */
const MAX_MANIFEST_BYTES = 16 * 2 ** 20

async function isManifestIn(window: Window, facts: BundleFacts): Promise<boolean> {
  const { startOffset, endOffset, isLost, resourceType } = facts
  if (isLost || resourceType !== undefined || endOffset - startOffset > MAX_MANIFEST_BYTES) return false
  await holdAll(window, facts)
  const text = window.bytes.toString('utf8', window.at, window.at + endOffset - startOffset)
  return isManifest(parseJson(text))
}

/** Goes back to a document, and has all of it in the window. */
async function holdAll(window: Window, { startOffset, endOffset }: BundleFacts): Promise<void> {
  await window.rewind(startOffset)
  while (window.end - window.at < endOffset - startOffset && !window.isEnded) await window.fill()
}

const OPEN = 0x7b

async function findsDocument(window: Window): Promise<boolean> {
  window.release()
  for (;;) {
    window.at = skipSpace(window.bytes, window.at, window.end)
    if (window.at < window.end || window.isEnded) return window.at < window.end
    await window.fill()
  }
}

async function passRest(window: Window, run: UnitRun): Promise<void> {
  for (window.at = window.end; !window.isEnded; window.at = window.end) {
    run.check()
    await window.fill()
  }
}

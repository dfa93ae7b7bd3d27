import { KEY_NAMES } from '../../anonymizer/parameters.js'
import type { AnonymizerSpec } from '../../anonymizer/spec.js'
import { type CheckedConfig, checkConfig } from '../../config/anonymizer/configuration.js'
import { explainedConfig } from '../../config/anonymizer/explained-config.js'
import { withTestKeys } from '../../config/anonymizer/given-keys.js'
import { printCount } from '../../config/units/sizes.js'
import { type FateChange, type FateSide, fateChanges } from '../../config-tests/fate-changes.js'
import { elementTree } from '../../fhir/elements.js'
import { ElementFates } from '../../rules/explain/element-fates.js'
import { placeOf } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import type { TestValues } from './options.js'

type Spec = CheckedConfig['spec']

const MAX_SHOWN = 100

/** `sluice test --against`: what differs between two configurations. Throws CONFIG_INVALID, USAGE. */
export async function compareFates(
  { address, checked }: { readonly address: string; readonly checked: CheckedConfig },
  against: string,
  { fhirVersion, json }: TestValues,
  terminal: Terminal,
): Promise<ExitCode> {
  const { raw, baseFolder } = await readConfigAt(against, storeAccess(terminal))
  const before = checkConfig(withTestKeys(raw), { fhirVersion, baseFolder, allowWeakKeys: true }).spec
  const after = checked.spec
  if (before.fhirVersion !== after.fhirVersion)
    throw usage(`the configurations are of two FHIR versions: ${before.fhirVersion} and ${after.fhirVersion}`)
  const tree = elementTree(after.fhirVersion)
  const sideOf = (spec: Spec): FateSide => ({
    fates: new ElementFates(explainedConfig(spec), tree),
    settingsOf: (number) => settingsText(spec.rules[number - 1]),
  })
  const changes = fateChanges(sideOf(before), sideOf(after), tree)
  const settings = differingSettings(before, after)
  if (json)
    terminal.print(JSON.stringify({ before: placeOf(against), after: placeOf(address), changes, settings }))
  else for (const line of changesText(changes, settings)) terminal.print(line)
  return EXIT.delivered
}

function settingsText(rule: AnonymizerSpec['rules'][number] | undefined): string {
  if (rule === undefined) return ''
  const { number: _, path: __, ...settings } = rule
  return JSON.stringify(settings)
}

/** Names of settings that the rules do not show, and that differ; keys are not compared. */
function differingSettings(before: Spec, after: Spec): readonly string[] {
  const [old, now] = [settingsOf(before), settingsOf(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]),
  )
}

function settingsOf({
  parameters,
  codeSystems,
  unknownElements,
  processingErrors,
}: Spec): Record<string, unknown> {
  const keys: readonly string[] = KEY_NAMES
  const named = Object.entries(parameters).filter(([name]) => !keys.includes(name))
  return {
    ...Object.fromEntries(named.map(([name, value]) => [`parameters.${name}`, value])),
    codeSystems,
    unknownElements,
    processingErrors,
  }
}

function* changesText(changes: readonly FateChange[], settings: readonly string[]): Iterable<string> {
  for (const kind of ['newly kept', 'no longer kept', 'otherwise changed'] as const) {
    const found = changes.filter((change) => change.kind === kind)
    if (found.length === 0) continue
    yield `${printCount(found.length)} ${found.length === 1 ? 'element' : 'elements'} ${kind}`
    for (const { path, before, after } of found.slice(0, MAX_SHOWN)) yield `  ${path}: ${before} → ${after}`
    if (found.length > MAX_SHOWN)
      yield `  … and ${printCount(found.length - MAX_SHOWN)} more; --json lists all`
  }
  if (changes.length === 0) yield 'no element has another fate'
  if (settings.length > 0) yield `other settings: ${settings.join(', ')}`
}

import type { Place, Step } from './planting.js'
import type { PresetRule } from './preset.js'

const UNITS = new Set(['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'MoneyQuantity'])
const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

/**
 * The only kinds of values a preset may leave as they are: codes, numbers, and the name of the system a code or
 * unit is from; never inside an extension.
 */
export function mayBeKept({ steps }: Place): boolean {
  if (steps.some((step) => step.type === 'Extension')) return false
  const leaf = steps.at(-1) as Step
  const owner = steps.at(-2)
  if (leaf.type === 'code' || NUMBERS.has(leaf.type)) return true
  return (
    leaf.type === 'uri' &&
    leaf.name === 'system' &&
    (owner?.type === 'Coding' || UNITS.has(owner?.type ?? ''))
  )
}

const IN_LIMITED_DATA_SET = new Set(['city', 'state', 'postalCode', 'country'])

/** What a limited data set may hold in addition: town, state and ZIP code, dates and times. */
export function mayBeInLimitedDataSet({ steps }: Place): boolean {
  if (steps.some((step) => step.type === 'Extension')) return false
  const leaf = steps.at(-1) as Step
  if (['date', 'dateTime', 'instant', 'time'].includes(leaf.type)) return true
  return steps.at(-2)?.type === 'Address' && IN_LIMITED_DATA_SET.has(leaf.name)
}

/** Whether a keep rule of the preset names the place or something above it. */
export function isListed(place: Place, rules: readonly PresetRule[]): boolean {
  return rules.some((rule) => rule.method === 'keep' && names(rule.path, place))
}

function names(path: string, { resource, steps }: Place): boolean {
  const byType = /^nodesByType\('(\w+)'\)\.?(.*)$/.exec(path)
  if (byType !== null)
    return steps.some(
      (step, at) =>
        step.type === byType[1] && startsWith(steps.slice(at + 1), (byType[2] as string) || undefined),
    )
  const [type, ...rest] = path.split(/\.(?!ofType)/)
  return (type === resource || type === 'Resource') && startsWith(steps, rest.join('.'))
}

function startsWith(steps: readonly Step[], path: string | undefined): boolean {
  if (path === undefined) return true
  return path.split(/\.(?!ofType)/).every((segment, at) => {
    const match = /^(\w+)(?:\.ofType\((\w+)\))?$/.exec(segment)
    const step = steps[at]
    return (
      step !== undefined && match !== null && step.name === match[1] && (!match[2] || match[2] === step.type)
    )
  })
}

import type { AllowedSystems } from '../../fhir/codes/sets.js'

/** The form of all codes without `grammar`. */
export const ANY_TEXT = 'any text'

/** Lines for people about the systems that `codeSystems` lets through, one for each entry of `allow`. */
export function systemsText(systems: readonly AllowedSystems[]): readonly string[] {
  const total = systems.reduce((sum, { systemCount }) => sum + systemCount, 0)
  const subject = systems.some(({ form }) => form === ANY_TEXT)
    ? 'without grammar, all texts that are written as codes of'
    : 'codes of'
  const byEntry = new Map<string, AllowedSystems[]>()
  for (const one of systems) byEntry.set(one.entry, [...(byEntry.get(one.entry) ?? []), one])
  return [
    `${subject} ${total} ${total === 1 ? 'system' : 'systems'} stay where no rule changes them (docs/code-systems.md):`,
    ...[...byEntry].map(([entry, own]) => `  ${entry}: ${own.map(textOf).join('; ')}`),
  ]
}

function textOf({ entry, set, title, systemCount, form }: AllowedSystems): string {
  if (set === undefined) return form
  return systemCount === 1 ? (title === entry ? form : title) : `${title}, ${systemCount} systems`
}

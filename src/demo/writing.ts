import { idOf, organizationName, type Population, personName, type SyntheticType } from './population.js'
import type { Random } from './random.js'

/** Writes the index-th resource of one type as one line of JSON, without newline. */
export type Writer = (population: Population, index: number, random: Random) => string

export const start = (population: Population, type: SyntheticType, index: number): string =>
  `{"resourceType":"${type}","id":"${idOf(population, type, index)}"`

export function patientReference(population: Population, random: Random): string {
  const index = random.below(population.patientCount)
  const id = idOf(population, 'Patient', index)
  if (random.chance(0.7)) return `{"reference":"Patient/${id}"}`
  const { given, family } = personName(population, 'Patient', index)
  return `{"reference":"Patient/${id}","display":"${given} ${family}"}`
}

export function practitionerReference(population: Population, random: Random): string {
  const index = random.below(population.practitionerCount)
  const { given, family } = personName(population, 'Practitioner', index)
  const id = idOf(population, 'Practitioner', index)
  return `{"reference":"Practitioner/${id}","display":"Dr. ${given} ${family}"}`
}

export function organizationReference(population: Population, random: Random): string {
  const index = random.below(population.organizationCount)
  const id = idOf(population, 'Organization', index)
  return `{"reference":"Organization/${id}","display":"${organizationName(population, index)}"}`
}

export const encounterReference = (population: Population, random: Random): string =>
  `{"reference":"Encounter/${idOf(population, 'Encounter', random.below(population.encounterCount))}"}`

/** A narrative as a server generates it. `text` is already escaped for XHTML and JSON. */
export const narrative = (text: string): string =>
  `"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">${text}</div>"}`

/** Money is a type of its own since R4, and a Quantity before. */
export const money = (population: Population, amount: string): string =>
  population.version === 'R4'
    ? `{"value":${amount},"currency":"USD"}`
    : `{"value":${amount},"system":"urn:iso:std:iso:4217","code":"USD"}`

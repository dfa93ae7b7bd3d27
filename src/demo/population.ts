import { Random, uuidOf } from './random.js'

export const SYNTHETIC_TYPES = [
  'Patient',
  'Practitioner',
  'Organization',
  'Location',
  'RelatedPerson',
  'Coverage',
  'Device',
  'Encounter',
  'Condition',
  'Observation',
  'Procedure',
  'MedicationRequest',
  'Immunization',
  'AllergyIntolerance',
  'DiagnosticReport',
  'DocumentReference',
  'Claim',
  'ExplanationOfBenefit',
  'AuditEvent',
] as const

/** The resource types that the generator knows. */
export type SyntheticType = (typeof SYNTHETIC_TYPES)[number]

/** STU3 or R4: the versions that the generator writes. */
export type SyntheticVersion = 'STU3' | 'R4'

/** What one resource is made from; everything in it follows from the seed, its type and its index. */
export interface Population {
  readonly version: SyntheticVersion
  readonly seed: number
  readonly patientCount: number
  readonly encounterCount: number
  readonly practitionerCount: number
  readonly organizationCount: number
}

const STREAM: ReadonlyMap<SyntheticType, number> = new Map(SYNTHETIC_TYPES.map((type, at) => [type, at + 1]))
const personRandom = new Random()

export const streamOf = (type: SyntheticType): number => STREAM.get(type) as number

export const idOf = (population: Population, type: SyntheticType, index: number): string =>
  uuidOf(population.seed, streamOf(type), index)

/** The name of the index-th patient or practitioner, the same wherever the person is mentioned. */
export function personName(
  population: Population,
  type: SyntheticType,
  index: number,
): { readonly given: string; readonly family: string; readonly female: boolean } {
  const random = personRandom.restart(population.seed, streamOf(type) + 1000, index)
  const female = random.chance(0.5)
  return { female, given: random.pick(female ? FEMALE : MALE), family: random.pick(FAMILY) }
}

export const organizationName = (population: Population, index: number): string =>
  ORGANIZATIONS[(population.seed + index) % ORGANIZATIONS.length] as string

/** `2014-03-09`, any day of the years. */
export const day = (random: Random, firstYear: number, lastYear: number): string =>
  `${random.between(firstYear, lastYear)}-${two(random.between(1, 12))}-${two(random.between(1, 28))}`

/** `T08:30:12-05:00`. */
export const clock = (random: Random): string =>
  `T${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}${random.pick(OFFSETS)}`

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

const words = (text: string): readonly string[] => text.split(' ')

const OFFSETS = words('-05:00 -04:00 -06:00 -07:00 +00:00 Z')
const FEMALE = words(
  'Abigail Beatriz Charlotte Dolores Eleanor Francesca Gwendolyn Henrietta Ingrid Jacqueline Katarzyna Lourdes ' +
    'Margarethe Noémie Ottilie Philippa Quintessa Rosalinda Siobhán Theodora Ursulina Valentina Wilhelmina Ximena ' +
    'Yolanda Zuzanna',
)
const MALE = words(
  'Alejandro Bartholomew Cornelius Dashiell Everardo Fitzgerald Gustavo Hyeronimus Ignatius Jedediah Krzysztof ' +
    'Leopoldo Maximilian Nathaniel Octavio Percival Quentin Ramón Sebastián Thaddeus Ulysses Vladimir Wendelin ' +
    'Xavier Yevgeny Zachariah',
)
const FAMILY = words(
  'Abernathy Baumgartner Castañeda Dąbrowski Eichelberger Featherstone Goodfellow Haverbrook Ibarguengoitia ' +
    'Jankowski Kirkpatrick Lindqvist MacAllister Nakamura Oyelaran Petrosyan Quisenberry Rasmussen Schwarzenbach ' +
    'Thistlewood Undurraga Vandermeer Wojciechowski Xenakis Ypsilantis Zbornak O’Shaughnessy Villarreal Szczepański ' +
    'Müllenhoff',
)
const ORGANIZATIONS = [
  'Quarryside General Hospital',
  'Larkmeadow Family Practice',
  'Saint Ottokar Medical Center',
  'Pinecrest Urgent Care & Imaging',
  'Harborlight Oncology Associates',
  'Bramblewick Pediatrics',
  'Old Mill Cardiology Group',
  'Wexcombe Veterans Clinic',
]
export const STREETS = words(
  'Foxglove Hollybrook Kestrel Marigold Nightingale Oldfield Primrose Quillfeather Ravensworth Tamarack Underhill ' +
    'Willowmere',
)
export const STREET_KINDS = words('Street Avenue Lane Boulevard Crossing Terrace')
/** Real cities with their postal codes; some lie in a restricted three-digit area (036, 059, 203, 821, 893). */
export const PLACES: readonly (readonly [city: string, district: string, state: string, zip: string])[] = [
  ['Springfield', 'Hampden', 'MA', '01103'],
  ['Bellows Falls', 'Windham', 'VT', '05101'],
  ['Redmond', 'King', 'WA', '98053-1204'],
  ['Charlestown', 'Sullivan', 'NH', '03603'],
  ['Derby Line', 'Orleans', 'VT', '05906'],
  ['Yellowstone', 'Park', 'WY', '82190'],
  ['Ely', 'White Pine', 'NV', '89301'],
  ['Guaynabo', 'Guaynabo', 'PR', '00966'],
  ['Tuscaloosa', 'Tuscaloosa', 'AL', '35401'],
  ['Sacramento', 'Sacramento', 'CA', '95814-3302'],
  ['Duluth', 'Saint Louis', 'MN', '55802'],
  ['Amarillo', 'Potter', 'TX', '79101'],
]

import { type CodeSet, type CodeSystem, singleSet } from '../code-system.js'
import { hl7List } from '../hl7.js'
import { inList } from '../list.js'

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/'
const RACE = `${TERMINOLOGY}v3-Race`
const ETHNICITY = `${TERMINOLOGY}v3-Ethnicity`
const TRIBE = `${TERMINOLOGY}v3-TribalEntityUS`

/** HL7 has the codes of the CDC in two systems of its own. */
const RACE_URLS = [
  'urn:oid:2.16.840.1.113883.6.238',
  RACE,
  'http://hl7.org/fhir/v3/Race',
  'urn:oid:2.16.840.1.113883.5.104',
  ETHNICITY,
  'http://hl7.org/fhir/v3/Ethnicity',
  'urn:oid:2.16.840.1.113883.5.50',
]
const isOmbCategory = inList('1002-5 2028-9 2054-5 2076-8 2106-3 2118-8 2131-1 2135-2 2186-5')

export const OMB = singleSet(
  'omb-race-ethnicity',
  'The categories of the census; no tribe, no country of origin.',
  {
    title: 'Race and ethnicity (OMB categories)',
    urls: RACE_URLS,
    edition: '2024',
    form: 'one of nine codes',
    accepts: isOmbCategory,
  },
)

const detailed: readonly CodeSystem[] = [
  {
    title: 'Race and ethnicity (CDC)',
    urls: [...RACE_URLS, `${TERMINOLOGY}PHRaceAndEthnicityCDC`],
    edition: '2021',
    form: 'a code of the list',
    accepts: (code) => isOmbCategory(code) || hl7List(RACE).has(code) || hl7List(ETHNICITY).has(code),
  },
  {
    title: 'Tribal entities (Bureau of Indian Affairs)',
    urls: [TRIBE, 'http://hl7.org/fhir/v3/TribalEntityUS', 'urn:oid:2.16.840.1.113883.5.140'],
    edition: '2019',
    form: 'a code of the list',
    accepts: (code) => hl7List(TRIBE).has(code),
  },
]

export const CDC_RACE: CodeSet = {
  name: 'cdc-race-ethnicity',
  title: 'Race and ethnicity in detail',
  note: 'A tribe or a country of origin can single out a person: not part of `us`.',
  systems: () => detailed,
}

const US_CORE_URL = 'http://hl7.org/fhir/us/core/CodeSystem/'
const usCore: readonly CodeSystem[] = (
  [
    ['careplan-category', 'assess-plan'],
    ['condition-category', 'problem-list-item health-concern encounter-diagnosis'],
    ['us-core-documentreference-category', 'clinical-note'],
    ['us-core-provenance-participant-type', 'transmitter'],
    [
      'us-core-category',
      'sdoh functional-status disability-status cognitive-status treatment-intervention-preference care-experience-preference observation-adi-documentation',
    ],
    ['us-core-tags', 'patient-supplied'],
  ] as const
).map(([name, codes]) => ({
  title: `US Core: ${name}`,
  urls: [US_CORE_URL + name],
  edition: 'US Core 8',
  form: 'a code of the system',
  accepts: inList(codes),
}))

export const US_CORE: CodeSet = {
  name: 'us-core',
  title: "US Core's own code systems",
  note: 'Closed lists.',
  systems: () => usCore,
}

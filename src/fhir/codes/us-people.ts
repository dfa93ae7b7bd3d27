import { type CodeSet, type CodeSystem, singleSet } from './code-system.js'
import { hl7List } from './hl7.js'
import { inList } from './list.js'

const RACE_URL = 'urn:oid:2.16.840.1.113883.6.238'
const isOmbCategory = inList('1002-5 2028-9 2054-5 2076-8 2106-3 2118-8 2131-1 2135-2 2186-5')

export const OMB = singleSet(
  'omb-race-ethnicity',
  'The categories of the census; no tribe, no country of origin.',
  {
    title: 'Race and ethnicity (OMB categories)',
    urls: [RACE_URL],
    edition: '2024',
    form: 'one of nine codes',
    accepts: isOmbCategory,
  },
)

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/'

export const CDC_RACE = singleSet(
  'cdc-race-ethnicity',
  'A tribe or a country of origin can single out a person.',
  {
    title: 'Race and ethnicity (CDC, detailed)',
    urls: [RACE_URL, `${TERMINOLOGY}PHRaceAndEthnicityCDC`],
    edition: '2024',
    form: 'a code of the list',
    accepts: (code) =>
      isOmbCategory(code) ||
      hl7List(`${TERMINOLOGY}v3-Race`).has(code) ||
      hl7List(`${TERMINOLOGY}v3-Ethnicity`).has(code),
  },
)

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
  title: name,
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

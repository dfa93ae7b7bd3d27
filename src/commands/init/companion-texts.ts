import type { Choices, Dates } from './choices.js'

/** A pipeline file with what is most often added to one, as comments. */
export const pipelineText = (
  { source, sink }: { readonly source: string; readonly sink: string },
  { keys }: Pick<Choices, 'keys'>,
): string => `# Made by sluice init. sluice run pipeline.yaml --check looks at every part; docs/run.md explains them.

# Where the data comes from: a folder or a container (store), or the address of a FHIR server (fhir).
source:
  store: ${JSON.stringify(source)}

anonymizer:
  config: config.yaml

# Each run writes to a dated folder of its own here.
sink:
  store: ${JSON.stringify(sink)}

# When sluice run --daemon runs it, and how many outputs stay.${
  keys === 'random'
    ? `
# Outputs of runs with random keys do not join, so a series of runs needs keys from files or variables.`
    : ''
}
# schedule: { cron: "0 1 * * *", timeZone: UTC }
# retention: { keepLast: 7 }

# End a run with an error if more lines than this cannot be anonymized.
limits:
  maxQuarantined: 1%
`

const BECOMES: Readonly<Record<Dates, string>> = {
  year: 'year',
  shift: 'shifted',
  keep: 'kept',
  remove: 'absent',
}

/** A first test of a configuration, which passes. */
export const firstTestText = ({
  dates,
}: Pick<
  Choices,
  'dates'
>): string => `# Made by sluice init. docs/test.md describes what a test can say. Use made-up data only.
tests:
  - name: names, telephone numbers and identifiers go; the id is hashed
    given:
      resourceType: Patient
      id: example-1
      birthDate: "1980-05-17"
      name: [{ family: Lindqvist, given: [Maja] }]
      telecom: [{ system: phone, value: 617-555-0100 }]
      identifier: [{ system: "http://hospital.example.org/mrn", value: MRN-424242 }]
    expect:
      Patient.id: hashed
      Patient.birthDate: ${BECOMES[dates]}
      Patient.name.family: absent
      Patient.telecom.value: absent
      Patient.identifier.value: absent
    never: [example-1, Lindqvist, Maja, 617-555, MRN-424242]

  - name: a resource still joins its patient
    given:
      - { resourceType: Patient, id: example-1 }
      - resourceType: Observation
        id: example-2
        status: final
        code: { text: "blood pressure of Maja" }
        subject: { reference: Patient/example-1, display: Maja Lindqvist }
    expect:
      Observation.subject.reference: { hashedLike: Patient.id }
      Observation.subject.display: absent
    never: [example-1, example-2, Maja, Lindqvist]

  - name: a line with an element that FHIR does not know is not delivered
    given: { resourceType: Patient, nickname: Maja }
    rejected: UNKNOWN_ELEMENT
`

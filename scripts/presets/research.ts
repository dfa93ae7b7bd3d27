import { addressRules, limitedAddressRules } from './addresses.js'
import { hash, keep, ofType, oneOf, type PresetRule, redact, shift } from './rule.js'
import {
  ageRules,
  hashedIds,
  headerName,
  longAmount,
  longNumbers,
  removedTypes,
  securityLabels,
  TEXT_TYPES,
} from './shared-rules.js'
import { usCoreRules } from './us-core.js'

/** Elements whose true dates anybody can guess, such as calendar years: next to a shifted date they tell the shift. */
const GUESSABLE = [
  'Coverage.period',
  'Coverage.costToBeneficiary.exception.period',
  'CoverageEligibilityRequest.serviced',
  'CoverageEligibilityResponse.serviced',
  'CoverageEligibilityResponse.insurance.benefitPeriod',
  'ClaimResponse.preAuthPeriod',
  'ExplanationOfBenefit.benefitPeriod',
  'ExplanationOfBenefit.preAuthRefPeriod',
  'InsurancePlan.period',
  'Account.servicePeriod',
  "Contract.nodesByName('applies')",
  "Contract.nodesByName('period')",
  "Contract.nodesByName('usePeriod')",
  "Consent.nodesByName('period')",
  "Consent.nodesByName('dataPeriod')",
  'MeasureReport.period',
  'Group.characteristic.period',
  'Goal.target.due',
  'Immunization.expirationDate',
  'Device.expirationDate',
  'Device.manufactureDate',
  'Medication.batch.expirationDate',
  "nodesByType('Address').period",
  "nodesByType('Identifier').period",
  "nodesByType('ExtendedContactDetail').period",
  "nodesByType('Timing').repeat.dayOfWeek",
  'HealthcareService.availableTime.daysOfWeek',
  'PractitionerRole.availableTime.daysOfWeek',
  'Location.hoursOfOperation.daysOfWeek',
  "nodesByType('Availability')",
  'Appointment.recurrenceTemplate',
]

const NUMBERS = ['integer', 'positiveInt', 'unsignedInt', 'decimal']
const AMOUNTS = ['Quantity', 'Count', 'Distance', 'Duration', 'Money']

/** Units in which positions are written. */
const DEGREES = ['deg', 'Deg', 'degree', 'Degree', 'degrees', 'Degrees', '°', '° N', '° W', '° E', '° S']

/** What comes before the dates: extensions, ids, texts. */
const before = (addresses: readonly PresetRule[]): PresetRule[] => [
  ...usCoreRules(),
  ...removedTypes(),
  ...hashedIds(),
  ...hash(
    'ImagingStudy.series.uid',
    'ImagingStudy.series.instance.uid',
    "QuestionnaireResponse.nodesByName('linkId')",
  ),
  ...addresses,
  ...headerName(),
  // Positions whose unit is written out; texts go next.
  ...redact(`nodesByType('Quantity').where(unit in ${oneOf(DEGREES)})`),
  ...redact(...ofType(...TEXT_TYPES)),
]

/** What comes after them: codes and numbers. */
const after = (ages: readonly PresetRule[]): PresetRule[] => [
  ...keep('DocumentReference.content.attachment.contentType', 'Media.content.contentType'),
  ...redact(
    ...ofType('Address', 'Identifier', 'ContactDetail', 'ExtendedContactDetail', 'Attachment', 'Expression'),
  ),
  ...securityLabels(),
  ...redact(
    'Resource.meta',
    'MolecularSequence',
    'Location.position',
    'AuditEvent.agent.network',
    'Device.udiCarrier',
  ),
  ...ages,
  ...redact(`nodesByType('Quantity').where(code = 'deg' or (${longAmount}))`),
  ...keep("nodesByType('Coding').system", ...ofType(...AMOUNTS).map((type) => `${type}.system`)),
  ...redact(...ofType('uri')),
  ...keep(...ofType('code', 'boolean'), ...ofType(...AMOUNTS).map((type) => `${type}.value`)),
  ...longNumbers(...NUMBERS),
  ...keep(...ofType(...NUMBERS)),
  ...redact('Resource'),
]

/** The rules of the research presets: dates are shifted. */
export const researchRules = (): PresetRule[] => [
  ...before(addressRules()),
  ...redact(...ofType('time'), ...GUESSABLE),
  ...shift(...ofType('date', 'dateTime', 'instant')),
  ...after(ageRules()),
]

/** The rules of the limited data set: dates, ages, towns and ZIP codes are kept. */
export const limitedDataSetRules = (): PresetRule[] => [
  ...before(limitedAddressRules()),
  ...keep(...ofType('date', 'dateTime', 'instant', 'time')),
  ...after(keep(...ofType('Age').flatMap((age) => [`${age}.value`, `${age}.system`]))),
]

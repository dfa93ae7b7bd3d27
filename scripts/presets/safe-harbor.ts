import { addressRules } from './addresses.js'
import { KEPT_ELEMENTS, KEPT_OF_DOSAGE } from './kept-elements.js'
import { generalize, hash, keep, ofType, oneOf, type PresetRule, redact } from './rule.js'
import {
  ageRules,
  hashedIds,
  headerName,
  longNumbers,
  removedTypes,
  securityLabels,
  TEXT_TYPES,
} from './shared-rules.js'
import { UNITS_OF_MEASURE } from './units.js'
import { usCoreRules } from './us-core.js'

/** The rules of the Safe Harbor presets for any version; those that a version has no elements for are left out later. */
export const safeHarborRules = (): PresetRule[] => [
  ...usCoreRules(),
  ...removedTypes([...ofType('SampledData'), 'QuestionnaireResponse.item']),
  // R5: any value, measured or not.
  ...redact('ServiceRequest.orderDetail.parameter.value'),
  ...hashedIds(),
  ...hash('ImagingStudy.series.uid', 'ImagingStudy.series.instance.uid'),
  ...addressRules(),
  ...redact(...ofType('date', 'dateTime', 'instant', 'time')),
  ...headerName(),
  generalize('Bundle.entry.response.status', {
    "$this.matches('^[1-5][0-9][0-9]( |$)')": '$this.substring(0, 3)',
  }),
  ...redact(...ofType(...TEXT_TYPES)),
  ...ageRules(),
  ...keep(
    `nodesByType('Quantity').where(system = 'http://unitsofmeasure.org' and code in ${oneOf(UNITS_OF_MEASURE)})`,
    "nodesByType('Money')",
  ),
  ...longNumbers('integer', 'positiveInt', 'unsignedInt', 'decimal'),
  ...keep('DocumentReference.content.attachment.contentType', 'Media.content.contentType'),
  ...redact(...ofType('Address', 'Attachment', 'Identifier')),

  ...keep('Resource.language'),
  ...securityLabels(),
  ...keep(...KEPT_OF_DOSAGE.map((element) => `nodesByType('Dosage').${element}`)),
  ...Object.entries(KEPT_ELEMENTS).flatMap(([type, elements]) =>
    keep(...elements.map((element) => `${type}.${element}`)),
  ),
  ...redact('Resource'),
]

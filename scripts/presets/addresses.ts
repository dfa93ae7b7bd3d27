import { generalize, keep, oneOf, type PresetRule, redact } from './rule.js'
import { populatedZipPattern, ZIP_PATTERN } from './zip-codes.js'

const COUNTRIES = ['US', 'USA', 'United States', 'United States of America']

const STATES =
  'AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI'.split(
    ' ',
  )
const STATE_NAMES =
  'Alabama,Alaska,Arizona,Arkansas,California,Colorado,Connecticut,Delaware,District of Columbia,Florida,Georgia,Hawaii,Idaho,Illinois,Indiana,Iowa,Kansas,Kentucky,Louisiana,Maine,Maryland,Massachusetts,Michigan,Minnesota,Mississippi,Missouri,Montana,Nebraska,Nevada,New Hampshire,New Jersey,New Mexico,New York,North Carolina,North Dakota,Ohio,Oklahoma,Oregon,Pennsylvania,Rhode Island,South Carolina,South Dakota,Tennessee,Texas,Utah,Vermont,Virginia,Washington,West Virginia,Wisconsin,Wyoming,American Samoa,Guam,Northern Mariana Islands,Puerto Rico,Virgin Islands'.split(
    ',',
  )
const IN_STATES = oneOf([...STATES, ...STATE_NAMES])
const IN_COUNTRY = `country in ${oneOf(COUNTRIES)}`

/**
 * Keeps the state and three digits of the ZIP code, of addresses in the United States only: an address says so by its
 * country, or has none and no state elsewhere. Areas with few inhabitants become 000.
 */
export function addressRules(): PresetRule[] {
  return [
    ...redact("nodesByType('Address').state.id"),
    generalize(
      `nodesByType('Address').where(${IN_COUNTRY} or (country.empty() and (state.empty() or state in ${IN_STATES}))).postalCode`,
      {
        [`$this.matches('${populatedZipPattern()}')`]: '$this.substring(0, 3)',
        [`$this.matches('${ZIP_PATTERN}')`]: "'000'",
      },
    ),
    ...keep(
      `nodesByType('Address').where((${IN_COUNTRY} or country.empty()) and state in ${IN_STATES}).state`,
    ),
    generalize("nodesByType('Address').country", {
      [`$this.matches('^(${COUNTRIES.join('|')})$')`]: "'US'",
    }),
  ]
}

const LIMITED_PARTS = ['city', 'state', 'postalCode', 'country'].map(
  (part) => `nodesByType('Address').${part}`,
)

/** What a limited data set may hold of an address (45 CFR 164.514(e)(2)(ii)): town or city, state and ZIP code. */
export const limitedAddressRules = (): PresetRule[] => [
  ...redact(...LIMITED_PARTS.map((part) => `${part}.id`)),
  ...keep(...LIMITED_PARTS),
]

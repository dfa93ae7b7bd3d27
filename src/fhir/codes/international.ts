import { type CodeSet, singleSet } from './code-system.js'
import {
  AREAS,
  COUNTRIES,
  COUNTRIES_3,
  COUNTRY_NUMBERS,
  CURRENCIES,
  LANGUAGES,
  MIME_TYPE_LIST,
  SCRIPTS,
  STATES,
} from './iso-lists.js'
import { inList } from './list.js'

const isLanguageSubtag = inList(LANGUAGES)
const isScript = inList(SCRIPTS)
const isArea = inList(AREAS)
const isCountry = inList(COUNTRIES)
const isCountryCode3 = inList(COUNTRIES_3)
const isCountryNumber = inList(COUNTRY_NUMBERS)
const isState = inList(STATES)

/** Whether a text is a currency of ISO 4217. */
export const isCurrency = inList(CURRENCIES)

/** Whether a text is a tag of BCP 47: language, script, region. Variants and private use (`x-…`) are refused. */
export function isLanguage(tag: string): boolean {
  const [, language = '', script, region] =
    /^([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?$/i.exec(tag) ?? []
  return (
    isLanguageSubtag(language.toLowerCase()) &&
    (script === undefined || isScript(script.charAt(0).toUpperCase() + script.slice(1).toLowerCase())) &&
    (region === undefined || isCountry(region.toUpperCase()) || isArea(region))
  )
}

const isListedMimeType = inList(MIME_TYPE_LIST)
const MIME_PARAMETER = /^\s?(?:charset="?(?:utf-8|us-ascii|iso-8859-\d{1,2})"?|fhirVersion=\d\.\d)$/i
/** Whether a text is a media type of the list, or FHIR's short name of one, with no parameter but those above. */
export function isMimeType(text: string): boolean {
  const [type = '', ...parameters] = text.split(';')
  return (
    isListedMimeType(type.toLowerCase()) && parameters.every((parameter) => MIME_PARAMETER.test(parameter))
  )
}

export const LANGUAGE_TAGS = singleSet('bcp-47', 'A rare language can single out a person.', {
  title: 'Languages (BCP 47)',
  urls: ['urn:ietf:bcp:47', 'urn:oid:2.16.840.1.113883.6.121'],
  edition: 'ISO 639 of 2025',
  form: 'language and, if given, script and region, each from a list; no variants, no private use',
  accepts: isLanguage,
})

export const MIME_TYPES = singleSet('bcp-13', 'A closed list: those that health records hold, of 2,000.', {
  title: 'Media types (BCP 13)',
  urls: ['urn:ietf:bcp:13', 'http://www.rfc-editor.org/bcp/bcp13.txt'],
  edition: '2026',
  form: 'a type of the list; no parameters but the character set and the version of FHIR',
  accepts: isMimeType,
})

export const ISO_4217 = singleSet('iso-4217', 'A closed list.', {
  title: 'Currencies (ISO 4217)',
  urls: ['urn:iso:std:iso:4217'],
  edition: '2025',
  form: 'a code of the list',
  accepts: isCurrency,
})

const countries = [
  {
    title: 'Countries (ISO 3166-1)',
    urls: [
      'urn:iso:std:iso:3166',
      'urn:iso:std:iso:3166:-1',
      'urn:oid:1.0.3166.1.2.2',
      'urn:oid:1.0.3166.1.2.3',
    ],
    edition: '2025',
    form: 'two letters, three letters or a number of the list',
    accepts: (code: string) => isCountry(code) || isCountryCode3(code) || isCountryNumber(code),
  },
  {
    title: 'Areas and countries (UN M49)',
    urls: ['http://unstats.un.org/unsd/methods/m49/m49.htm'],
    edition: '2025',
    form: 'a number of the list',
    accepts: (code: string) => isArea(code) || isCountryNumber(code),
  },
  {
    title: 'States and provinces (ISO 3166-2)',
    urls: ['urn:iso:std:iso:3166:-2', 'urn:oid:1.0.3166.2', 'https://www.usps.com/'],
    edition: '2025',
    form: 'a state or province of the United States (also without `US-`), Canada, Australia or Germany',
    accepts: (code: string) => isState(code) || isState(`US-${code}`),
  },
]

export const ISO_3166: CodeSet = {
  name: 'iso-3166',
  title: 'Countries, states and provinces',
  note: 'No geographic unit smaller than a state.',
  systems: () => countries,
}

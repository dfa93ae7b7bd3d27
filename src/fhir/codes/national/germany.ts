import type { CodeSet, CodeSystem } from '../code-system.js'
import { inList } from '../list.js'
import { isAtc } from '../medicines.js'

/** Pharmazentralnummer: seven digits and the sum of them, weighted 1 to 7, modulo 11; a sum of 10 is not assigned. */
function isPzn(code: string): boolean {
  if (!/^\d{8}$/.test(code)) return false
  let sum = 0
  for (let place = 0; place < 7; place++) sum += Number(code.charAt(place)) * (place + 1)
  return sum % 11 === Number(code.charAt(7))
}

const BASE = 'http://fhir.de/CodeSystem/'
const KBV = 'https://fhir.kbv.de/CodeSystem/KBV_CS_'
/** BfArM took over the systems of DIMDI; both urls are in use. */
const bfarm = (name: string): readonly string[] => [`${BASE}bfarm/${name}`, `${BASE}dimdi/${name}`]

const list = (title: string, urls: readonly string[], codes: string): CodeSystem => ({
  title,
  urls,
  edition: '2026',
  form: 'a code of the list',
  accepts: inList(codes),
})

const systems: readonly CodeSystem[] = [
  {
    title: 'ICD-10-GM',
    urls: bfarm('icd-10-gm'),
    edition: '2026',
    form: 'letter, two digits, and up to two digits or a hyphen after a dot; dagger, asterisk and exclamation mark',
    accepts: (code) => /^[A-Z]\d{2}(?:\.(?:\d{1,2}|\d?-))?[*+†!]?$/.test(code),
  },
  {
    title: 'OPS',
    urls: bfarm('ops'),
    edition: '2026',
    form: 'chapter, hyphen, three characters, and up to two after a dot',
    accepts: (code) => /^[1-9]-\d{2}[0-9a-z](?:\.[0-9a-z]{1,2})?$/.test(code),
  },
  {
    title: 'Alpha-ID',
    urls: bfarm('alpha-id'),
    edition: '2026',
    form: '`I` and up to six digits',
    accepts: (code) => /^I\d{1,6}$/.test(code),
  },
  {
    title: 'ATC (Germany)',
    urls: bfarm('atc'),
    edition: '2026',
    form: 'one of the five levels',
    accepts: isAtc,
  },
  {
    title: 'Pharmazentralnummer',
    urls: [`${BASE}ifa/pzn`],
    edition: '2013',
    form: 'eight digits with a check digit (modulo 11)',
    accepts: isPzn,
  },
  list(
    'Kontaktebene, Kontaktart',
    [`${BASE}Kontaktebene`, `${BASE}kontaktart-de`],
    'einrichtungskontakt abteilungskontakt versorgungsstellenkontakt vorstationaer nachstationaer begleitperson tagesklinik nachtklinik normalstationaer intensivstationaer ub konsil stationsaequivalent operation',
  ),
  {
    title: 'Aufnahme, Entlassung, Fachabteilung (DKG)',
    urls: [
      `${BASE}dkgev/AufnahmegrundErsteUndZweiteStelle`,
      `${BASE}dkgev/AufnahmegrundDritteStelle`,
      `${BASE}dkgev/AufnahmegrundVierteStelle`,
      `${BASE}dkgev/Aufnahmeanlass`,
      `${BASE}dgkev/Aufnahmeanlass`,
      `${BASE}dkgev/EntlassungsgrundErsteUndZweiteStelle`,
      `${BASE}dkgev/EntlassungsgrundDritteStelle`,
      `${BASE}dkgev/Fachabteilungsschluessel`,
    ],
    edition: '2026',
    form: 'a letter or up to two digits, or a department: 01 to 37 and two digits',
    accepts: (code) => /^(?:[A-Z]|\d{1,2}|(?:0[1-9]|[12]\d|3[0-7])\d{2})$/.test(code),
  },
  list('Versicherungsart', [`${BASE}versicherungsart-de-basis`], 'GKV PKV BG SEL SOZ GPV PPV BEI SKT UK'),
  list(
    'Arten von Identifikatoren',
    [`${BASE}identifier-type-de-basis`],
    'GKV PKV KVZ10 LANR ZANR EFN TELEMATIKID BSNR KZVA IKNR',
  ),
  list('Geschlecht, amtlich', [`${BASE}gender-amtlich-de`], 'D X'),
  list(
    'Diagnosesicherheit, Seitenlokalisation (KBV)',
    [`${KBV}SFHIR_ICD_DIAGNOSESICHERHEIT`, `${KBV}SFHIR_ICD_SEITENLOKALISATION`],
    'A G V Z B L R',
  ),
  list('Packungsgröße (KBV)', [`${KBV}SFHIR_KBV_NORMGROESSE`], 'KA KTP N1 N2 N3 NB Sonstiges'),
  {
    title: 'Darreichungsform (KBV)',
    urls: [`${KBV}SFHIR_KBV_DARREICHUNGSFORM`],
    edition: '2026',
    form: 'three letters; a short name fits',
    accepts: (code) => /^[A-Z]{3}$/.test(code),
  },
  {
    title: 'Versichertenstatus, Personengruppe, DMP (KBV)',
    urls: [`${KBV}SFHIR_KBV_VERSICHERTENSTATUS`, `${KBV}SFHIR_KBV_PERSONENGRUPPE`, `${KBV}SFHIR_KBV_DMP`],
    edition: '2026',
    form: 'one or two digits',
    accepts: (code) => /^\d{1,2}$/.test(code),
  },
]

export const GERMANY: CodeSet = {
  name: 'germany',
  title: 'Germany',
  note: 'BfArM, IFA, fhir.de, DKG and KBV. Systems of a project (MII, gematik) can be listed by url.',
  systems: () => systems,
}

// Holds src/fhir/codes/icd.ts, src/fhir/codes/icd-10-lists.ts, src/fhir/codes/medicines.ts,
// src/fhir/codes/national/us-billing.ts, src/fhir/codes/national/us-people.ts, src/fhir/codes/imaging.ts, src/fhir/codes/research.ts,
// src/fhir/codes/national/germany.ts, src/fhir/codes/national/united-kingdom.ts, src/fhir/codes/national/australia.ts, src/fhir/codes/national/canada.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'
import { SINGLE_SETS } from '../../../src/fhir/codes/sets.js'

/** By set: url, codes that are in use, texts that are near to codes. */
const CASES: Readonly<Record<string, readonly (readonly [url: string, fits: string, refused: string])[]>> = {
  'icd-10-cm': [
    [
      'http://hl7.org/fhir/sid/icd-10-cm',
      'E11.9 E119 I5A Z3A.20 O9A.111 M1A.00X0 S06.2X0A T36.0X1A O35.FXX0 H40.10X0 U07.1 C4A.9 E88.A1',
      'A12 A123456 E11. E11.99999 B12.3456 e11.9 E1I.9 M123456 S12345678',
    ],
  ],
  'icd-10-pcs': [
    [
      'http://www.cms.gov/Medicare/Coding/ICD10',
      '0210093 B00B0ZZ 3E0T3CZ XW033E5',
      '5550199 9000000 021009 O210093 021009I',
    ],
  ],
  'icd-9-cm': [
    ['http://hl7.org/fhir/sid/icd-9-cm', '250.00 042 V58.1 E812.0 38.93', '02139 25000 E81 1234 250.000'],
  ],
  icd: [
    ['http://hl7.org/fhir/sid/icd-10', 'E11.9 B95 Z99.89', 'A1234 B129999'],
    ['http://id.who.int/icd/release/11/mms', '5A11 1C62.3Z 2C25.2&XH5PL9 8A80.0/8A80.1', 'SMITH 5A11& JOHN'],
    ['http://terminology.hl7.org/CodeSystem/icd-o-3', '8140/3 C50.9', '8140 C509 D50.9'],
  ],
  rxnorm: [
    ['http://www.nlm.nih.gov/research/umls/rxnorm', '161 197361 2123111', '0161 3000000 5550199 12345678'],
  ],
  ndc: [
    [
      'http://hl7.org/fhir/sid/ndc',
      '0002-8215-01 50090-0481-0 68180-513-03 00093-7201-98 00093720198',
      '6175550199 16175550199 25025010405 02139-4307 617-555-0199',
    ],
  ],
  cvx: [['http://hl7.org/fhir/sid/cvx', '03 08 140 229 309 519 998', '3 00 000 400 4242']],
  mvx: [['http://hl7.org/fhir/sid/mvx', 'PFR MOD JSN', 'JOE SMITH pfr']],
  medicines: [
    ['http://www.whocc.no/atc', 'A A10 A10B A10BA A10BA02', 'A1 E10 A10BA2 A88 a10'],
    ['http://standardterms.edqm.eu', '10219000 20053000 30001000', '19870605 12345678 1021900'],
  ],
  research: [
    ['urn:iso:std:iso:11073:10101', '68219 150456 8417764', '12 0123 5550199'],
    ['http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl', 'C53256 C106046', 'C12 D53256'],
    ['https://www.nlm.nih.gov/mesh', 'D009273 C000657245 Q000008', 'D123456 D09273'],
  ],
  cpt: [['http://www.ama-assn.org/go/cpt', '00100 99213 0001U 0500T 25', '02139 09999 70000 4242 9921']],
  hcpcs: [
    [
      'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
      'J1100 G0008 99213 LT',
      'W1234 J110 J11001 F1234',
    ],
  ],
  nucc: [
    [
      'http://nucc.org/provider-taxonomy',
      '208D00000X 3416A0800X 1223G0001X',
      '2080000000 JOHNSMITHX 508D00000X',
    ],
  ],
  'us-billing': [
    ['http://www.ada.org/cdt', 'D0120', 'E0120 D120'],
    ['https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set', '21', '210 A1'],
    ['https://www.nubc.org/CodeSystem/RevenueCodes', '0250 0901 1001 2100 3101', '4242 1987 2025'],
    ['https://www.nubc.org/CodeSystem/TypeOfBill', '131 0111', '02139 900'],
    ['https://www.nubc.org/CodeSystem/PointOfOrigin', '1 F', 'X 12'],
  ],
  'blue-button': [
    [
      'https://bluebutton.cms.gov/resources/codesystem/adjudication',
      'https://bluebutton.cms.gov/resources/variables/line_coinsrnc_amt https://bluebutton.cms.gov/resources/variables/line_prcsg_ind_cd',
      'https://bluebutton.cms.gov/resources/variables/john_smith line_coinsrnc_amt https://example.com/line_coinsrnc_amt',
    ],
    ['https://bluebutton.cms.gov/resources/variables/line_place_of_srvc_cd', '22', 'JOHN'],
    ['https://bluebutton.cms.gov/resources/codesystem/eob-type', 'CARRIER', 'JOHN'],
  ],
  'omb-race-ethnicity': [
    ['urn:oid:2.16.840.1.113883.6.238', '2106-3 2186-5 2028-9', '1004-1 2107-1 UNK'],
    ['http://hl7.org/fhir/v3/Race', '2106-3', '1004-1'],
  ],
  'cdc-race-ethnicity': [
    ['urn:oid:2.16.840.1.113883.6.238', '2106-3 1004-1 2148-5', '1004-2 JOHN'],
    ['http://terminology.hl7.org/CodeSystem/v3-TribalEntityUS', '170', 'Navajo 999'],
  ],
  'us-core': [
    [
      'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
      'clinical-note',
      'assess-plan John',
    ],
  ],
  dicom: [
    ['http://dicom.nema.org/resources/ontology/DCM', 'CT DX 110010 128180', 'JOHN 999999'],
    ['http://hl7.org/fhir/sid/srt', 'F-32011 P5-B0099', 'S-MITH F-123456'],
    [
      'urn:ietf:rfc:3986',
      '1.2.840.10008.5.1.4.1.1.1.1 urn:oid:1.2.840.10008.1.2.1',
      '1.2.840.113619.2.55.3 1.2.840.10008.6175550199 http://example.com',
    ],
  ],
  germany: [
    ['http://fhir.de/CodeSystem/bfarm/icd-10-gm', 'E11.90 F17.- B95.6! G63.2* U07.1', 'E1190 10115 Müller'],
    ['http://fhir.de/CodeSystem/bfarm/ops', '5-470.11 8-930 3-00f', '5-47 0-470 5-470.111'],
    // Numbers made up with their check digit; the second and third are changed in a digit and swapped.
    ['http://fhir.de/CodeSystem/ifa/pzn', '01234562 12345678 00010205', '12345679 01234652 1234567'],
    ['http://fhir.de/CodeSystem/kontaktart-de', 'normalstationaer', 'john'],
    ['http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel', '0100 3700', '4242 9999'],
    ['https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_KBV_NORMGROESSE', 'N1', 'John'],
  ],
  uk: [
    ['https://dmd.nhs.uk', '317972000', '317972001 John'],
    ['http://read.info/readv2', 'C10.. G30..00 22K..', 'Smith John. MRN4242 120.5 5550199'],
    ['http://read.info/ctv3', 'XaJLG X200E', 'Smith Xaver JONES'],
    ['https://fhir.nhs.uk/Id/opcs-4', 'K40.1 A01', 'I40.1 K401'],
  ],
  australia: [
    ['http://pbs.gov.au/code/item', '8254K 12345A', '8254 SMITH'],
    ['http://hl7.org/fhir/sid/achi', '30571-00', '3057100 02139-4307'],
  ],
  canada: [
    ['http://cihi.ca/fhir/CodeSystem/cihi-cci', '1.VG.53.LA-PN 3.AN.20.WA', '9.VG.53 1VG53'],
    ['http://hl7.org/fhir/NamingSystem/ca-hc-din', '02242963 00000019', '03242963 19870605 2242963'],
    ['https://fhir.infoway-inforoute.ca/CodeSystem/pCLOCD', '8302-2 X12345-6', '8302-1 Y12345-6'],
  ],
}

for (const [name, rows] of Object.entries(CASES))
  t.test(`${name}: codes in use fit, texts that are near to codes do not`, async (t) => {
    const { pair } = codeVerdicts({ allow: [name], grammar: true }, 'R4')
    for (const [url, fits, refused] of rows) {
      for (const code of fits.split(' ')) t.ok(pair(url, code), `${url} ${code}`)
      for (const code of refused.split(' ')) t.notOk(pair(url, code), `${url} ${code}`)
    }
  })

t.test('every set has a case here or a test of its own', async (t) => {
  const own = ['loinc', 'snomed-ct', 'ucum', 'hl7', 'bcp-47', 'bcp-13', 'iso-3166', 'iso-4217']
  t.strictSame(
    SINGLE_SETS.map(({ name }) => name).filter((name) => !own.includes(name) && !(name in CASES)),
    [],
  )
})

t.test('a set of detailed codes widens a set of few at the same url', async (t) => {
  const { pair } = codeVerdicts({ allow: ['omb-race-ethnicity', 'cdc-race-ethnicity'], grammar: true }, 'R4')
  t.ok(pair('urn:oid:2.16.840.1.113883.6.238', '1004-1'))
})

/**
 * `problem`: a run refuses this configuration, or the rule rejects every line it reaches, or leaves data that it seems to
 * remove. `note`: worth knowing, and nothing to change.
 */
export type Severity = 'problem' | 'warning' | 'note'

interface CodeFacts {
  readonly severity: Severity
  /** One line for people. `sluice lint` prints `says`, if present, before the message of a finding on a rule. */
  readonly title: string
  readonly says?: string | undefined
}

const problem = (title: string, says?: string) => ({ severity: 'problem', title, says }) as const
const note = (title: string, says?: string) => ({ severity: 'note', title, says }) as const
const warning = (title: string, says?: string) => ({ severity: 'warning', title, says }) as const

/**
 * Every kind of finding that `sluice lint` reports. Codes never change their meaning.
 *
 * To add one:
 * 1. add its row here;
 * 2. add a section `## <code>` to docs/lint.md: a ```json block with a configuration that has the finding and, after
 *    the advice, a second one that does not (test/rules/lint/findings/codes.test.ts lints both);
 * 3. report it. A check of the configuration (src/config) pushes `{ code, rule, path, message }` to its problems or
 *    its notices, whichever the severity says. A check of what a rule reaches is a judge in src/rules/lint/ that
 *    returns `{ code, rule, message, suggestion }` and is called by `lintRules`.
 */
export const FINDING_CODES = {
  'invalid-setting': problem('A setting has a value that it cannot have.'),
  'unknown-method': problem('A rule names a method that does not exist.'),
  'path-syntax': problem('The path of a rule is not FHIRPath.'),
  'expression-syntax': problem('A condition or value of generalize is not FHIRPath.'),
  'version-conflict': problem('The configuration and the command line name different FHIR versions.'),
  'key-missing': problem('A rule needs a key that is not given.'),
  'weak-key': problem('A key can be guessed.'),
  'equal-keys': problem('One key is used for two purposes.'),
  'random-key-in-series': problem('A new key is made for each of several runs that belong together.'),
  'random-key-in-array': problem('Each task of an array makes its own key.'),
  'claim-unsupported': problem('The configuration states a claim that its rules do not support.'),
  fails: problem('A rule rejects every line it reaches.', 'fails'),
  'leaves-resources': problem('A rule leaves the resources in what it redacts.', 'leaves resources'),
  'extension-without-url': warning('A rule can leave an extension without url.', 'can leave invalid FHIR'),
  'bundle-links-break': warning(
    'Addresses in a Bundle no longer match its ids and references.',
    'links break',
  ),
  'never-matches': warning('A rule can never match.', 'never matches'),
  'partly-never-matches': warning('A part of a union can never match.', 'partly never matches'),
  'dead-condition': warning(
    'A part of a condition never holds, or looks at something that does not exist.',
    'has a dead condition',
  ),
  shadowed: warning('Earlier rules claim everything that the rule matches.', 'does nothing'),
  'partly-fails': warning('A rule rejects some of the lines it reaches.', 'fails on some elements'),
  'writes-invalid': warning('A rule writes values that FHIR does not allow there.', 'writes invalid values'),
  'no-effect': warning('A rule claims elements that its method cannot change.', 'changes nothing'),
  'unreached-names': warning('No rule reaches some names of people.'),
  'unreached-identifiers': warning('No rule reaches some identifiers.'),
  'unreached-telecoms': warning('No rule reaches some phone numbers and e-mail addresses.'),
  'unreached-addresses': warning('No rule reaches some addresses.'),
  'unreached-narratives': warning('No rule reaches some narratives.'),
  'unreached-attachments': warning('No rule reaches some attachments.'),
  'unreached-dates': warning('No rule reaches some dates.'),
  'unreached-texts': warning('No rule reaches some free texts.'),
  'unreached-types': warning('No rule reaches anything in some resource types.'),
  'looks-ahead': note('A rule looks at what elements hold.', 'looks ahead'),
  'not-compiled': warning('A rule needs the slower engine.', 'does not compile'),
  'large-tables': warning('Rules need more tables than the fast engine has room for.', 'needs many tables'),
  union: warning('The original treats equal values in a union differently.', 'differs from the original'),
  precedence: warning('`as` and `is` apply to the whole union before them.', 'may not mean what it seems to'),
  'unknown-key': warning('A key of the configuration is unknown and has no effect.'),
  'secret-in-file': warning('A key is written in the configuration file.'),
  'date-shift-linear': warning('One known date of a patient gives the shift of every other.'),
  'date-shift-time-zone': warning('A shifted date keeps its time zone, which narrows down the shift.'),
  'date-shift-fixed': warning('All dates move by the same days.'),
  'date-shift-narrow': warning('Dates move by few days, so that the true date is easily guessed.'),
  'codes-unchecked': note('Codes stay, whatever was typed into them.'),
  'version-assumed': warning('No FHIR version is given, so R4 is assumed.'),
} as const satisfies Readonly<Record<string, CodeFacts>>

export type FindingCode = keyof typeof FINDING_CODES

export const factsOf = (code: FindingCode): CodeFacts => FINDING_CODES[code]

/** Returns the page that explains a code, relative to the project's root. */
export const pageOf = (code: FindingCode): string => `docs/lint.md#${code}`

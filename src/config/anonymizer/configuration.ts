import { METHODS } from '../../anonymizer/methods/table.js'
import { KEY_NAMES, type KeyName, type Parameters } from '../../anonymizer/parameters.js'
import type { AnonymizerSpec, Rule } from '../../anonymizer/spec.js'
import { sluiceError } from '../../errors.js'
import type { CodeSystemsSetting } from '../../fhir/codes/code-verdicts.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../fhir/version.js'
import { isRecord } from '../../json/record.js'
import { nearestName } from '../../rules/lint/advice/nearest-name.js'
import type { LintedParameters } from '../../rules/lint/lint.js'
import { isComment } from '../text/comments.js'
import type { ConfigProblem, Notice } from '../text/problem.js'
import { issuesAsProblems } from '../text/problem.js'
import { claimProblems } from './claim-check.js'
import { codeSystemProblems } from './code-system-checks.js'
import { configDigest } from './config-digest.js'
import { type CustomModule, findCustomModules } from './custom-modules.js'
import { dateShiftNotices, dateShiftProblems } from './date-shift-checks.js'
import { type KeySources, neededKeys, resolveKeys } from './keys.js'
import { randomKeysInSeries, randomKeysInTask, type Series } from './random-keys.js'
import { checkRules } from './rules.js'
import { codeSystemsSchema, configurationSchema, parametersSchema } from './schema.js'

/** What a run adds to its configuration. */
export interface ConfigOptions {
  /** The version for a configuration that names none; a problem where it names another. Default R4. */
  readonly fhirVersion?: FhirVersion | undefined
  /** Where relative paths in the configuration start; the file's own folder. */
  readonly baseFolder?: string | undefined
  readonly allowRandomKeys?: boolean | undefined
  /** The tasks of the run share its keys, also those made at random. */
  readonly isShared?: boolean | undefined
  /** Take keys that can be guessed, and one key for two uses. */
  readonly allowWeakKeys?: boolean | undefined
  /** Weak keys are notices, not problems: for runs of existing configurations. */
  readonly warnsOfWeakKeys?: boolean
  /** The runs that this one belongs to: their random keys are refused. */
  readonly series?: Series | undefined
  /** Do not compute whether the rules support the claim that the configuration states. */
  readonly ignoresClaim?: boolean
  readonly validateInput?: boolean
  readonly validateOutput?: boolean
  /** Custom methods that the caller has as functions, by name in lower case. */
  readonly givenMethods?: readonly string[]
}

/** A configuration without fault. */
export interface CheckedConfig {
  /** All but the reference day and the keys that are made for a run. */
  readonly spec: Omit<AnonymizerSpec, 'asOf'>
  readonly randomKeys: readonly KeyName[]
  readonly customModules: readonly CustomModule[]
  /** `neutral`: outputs do not have the names of their inputs, unless these name nothing but a resource type. */
  readonly outputNames: 'as-input' | 'neutral'
  readonly notices: readonly Notice[]
  /** SHA-256 of its canonical form without the keys. */
  readonly digest: string
}

/** A configuration with all that is wrong with it; `checked` only where nothing is. */
export interface Verdict {
  readonly problems: readonly ConfigProblem[]
  /** Keys that a rule needs and that are not given; also among `problems`. */
  readonly missingKeys: readonly ConfigProblem[]
  readonly notices: readonly Notice[]
  /** Those without fault. */
  readonly rules: readonly Rule[]
  readonly fhirVersion: FhirVersion
  /** Without the keys. */
  readonly parameters: Parameters
  readonly codeSystems?: CodeSystemsSetting | undefined
  readonly randomKeys: readonly KeyName[]
  /** What lint needs to know about the parameters. */
  readonly linted: LintedParameters
  readonly checked?: CheckedConfig
}

/** Checks a raw configuration. Throws SluiceError CONFIG_INVALID (KEY_MISSING if only keys lack) with all problems. */
export function checkConfig(raw: unknown, options: ConfigOptions = {}): CheckedConfig {
  const { problems, missingKeys, checked } = judgeConfig(raw, options)
  if (checked !== undefined) return checked
  const code = problems.length === missingKeys.length ? 'KEY_MISSING' : 'CONFIG_INVALID'
  const list = problems.map(({ rule, path, message }) =>
    rule === undefined ? `${path} ${message}` : `rule ${rule}: ${path} ${message}`,
  )
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  throw sluiceError(code, {
    message: `the configuration has ${count}:\n${list.map((line) => `  - ${line}`).join('\n')}`,
    problems,
  })
}

/** Finds all that is wrong and all that is odd; throws nothing. */
export function judgeConfig(raw: unknown, options: ConfigOptions = {}): Verdict {
  const baseFolder = options.baseFolder ?? process.cwd()
  const problems: ConfigProblem[] = []
  const notices: Notice[] = []
  if (!isRecord(raw))
    return {
      problems: [{ path: '(the whole file)', message: 'must be a JSON object' }],
      missingKeys: [],
      notices,
      rules: [],
      parameters: withoutKeys(parametersSchema.parse({})),
      randomKeys: [],
      linted: {},
      fhirVersion: options.fhirVersion ?? 'R4',
    }
  const folded = foldKeys(raw, Object.keys(configurationSchema.shape), '', { problems, notices })
  folded.parameters ??= {}
  for (const [part, { shape }] of Object.entries(PARTS)) {
    const value = folded[part]
    if (isRecord(value)) folded[part] = foldKeys(value, Object.keys(shape), `${part}.`, { problems, notices })
  }
  // Faults elsewhere must not hide those of the rules and the keys: what fails is put aside, the rest is read.
  const parsed = configurationSchema.safeParse(folded)
  if (!parsed.success) problems.push(...issuesAsProblems(parsed.error, ''))
  const settings = parsed.success ? parsed.data : withoutFaults(folded)
  const custom = findCustomModules(
    settings.customMethods,
    METHODS.map(({ name }) => name),
    baseFolder,
  )
  problems.push(...custom.problems)
  const checkedRules = checkRules(
    settings.fhirPathRules,
    new Set([...custom.modules.map((module) => module.name), ...(options.givenMethods ?? [])]),
  )
  problems.push(...checkedRules.problems)
  notices.push(...checkedRules.notices)
  const { rules } = checkedRules
  const { parameters, codeSystems } = settings
  const needs = neededKeys(rules, parameters)
  const keys = resolveKeys(parameters, needs, {
    baseFolder,
    allowRandomKeys: options.allowRandomKeys ?? false,
    allowWeakKeys: options.allowWeakKeys ?? false,
    warnsOfWeakKeys: options.warnsOfWeakKeys ?? false,
  })
  const isNew = ({ path }: ConfigProblem) => !problems.some((problem) => problem.path === path)
  const missing = keys.missing.filter(isNew)
  problems.push(...keys.problems, ...missing)
  if (!options.allowRandomKeys && !options.isShared) problems.push(...randomKeysInTask(keys.random, needs))
  if (options.series !== undefined) problems.push(...randomKeysInSeries(keys.random, needs, options.series))
  problems.push(...dateShiftProblems(parameters), ...codeSystemProblems(codeSystems))
  notices.push(...keys.warnings.map(({ code, ...warning }) => ({ code: code ?? 'weak-key', ...warning })))
  notices.push(...keyNotices(parameters), ...dateShiftNotices(parameters, rules))
  const fhirVersion = chosenVersion(settings.fhirVersion, options.fhirVersion, { problems, notices })
  const keepsParts =
    parameters.enablePartialDatesForRedact ||
    parameters.enablePartialAgesForRedact ||
    parameters.enablePartialZipCodesForRedact
  const linted = { keepsParts, urls: parameters.urls }
  const plain = withoutKeys(parameters)
  const decided = { rules, fhirVersion, parameters: plain, codeSystems, randomKeys: keys.random }
  if (problems.length === 0 && options.ignoresClaim !== true)
    problems.push(...claimProblems(settings.claim, decided))
  const verdict = { problems, missingKeys: missing, notices, linted, ...decided }
  if (problems.length > 0) return verdict
  const spec = {
    fhirVersion,
    processingErrors: settings.processingErrors,
    unknownElements: settings.unknownElements,
    mandatoryElements: settings.mandatoryElements,
    rules,
    parameters: { ...plain, ...keys.fixed } satisfies Parameters,
    ...(codeSystems === undefined ? {} : { codeSystems }),
    customMethods: Object.fromEntries(custom.modules.map(({ name, url }) => [name, url])),
    validateInput: options.validateInput ?? false,
    validateOutput: options.validateOutput ?? false,
  }
  const checked = {
    spec,
    randomKeys: keys.random,
    customModules: custom.modules,
    outputNames: settings.outputNames,
    notices,
    digest: configDigest(raw),
  }
  return { ...verdict, checked }
}

/** The parts of a configuration whose keys are compared without case. */
const PARTS = { parameters: parametersSchema, codeSystems: codeSystemsSchema } as const
function withoutKeys({
  dateShiftKey,
  cryptoHashKey,
  encryptKey,
  perturbKey,
  ...plain
}: ReturnType<typeof parametersSchema.parse>): Parameters {
  return plain
}

interface Findings {
  readonly problems: ConfigProblem[]
  readonly notices: Notice[]
}

/** Keys as the schema spells them, whatever their case; an exact match goes before others. */
function foldKeys(
  raw: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
  { problems, notices }: Findings,
): Record<string, unknown> {
  const folded: Record<string, unknown> = {}
  for (const key of Object.keys(raw)) {
    const path = `${prefix}${key}`
    const name = known.find((candidate) => candidate.toLowerCase() === key.toLowerCase())
    if (name === undefined) {
      if (isComment(key)) continue
      const nearest = nearestName(key, known)
      const advice = nearest === undefined ? '' : `; did you mean "${nearest}"?`
      notices.push({ code: 'unknown-key', path, message: `is an unknown key and has no effect${advice}` })
    } else if (name !== key && known.includes(key)) folded[key] = raw[key]
    else if (Object.hasOwn(folded, name))
      problems.push({ path, message: `means the same as another key: ${name}` })
    else folded[name] = raw[key]
  }
  return folded
}

/** The same configuration with defaults in place of the parts at fault. */
function withoutFaults(folded: Readonly<Record<string, unknown>>) {
  const parameters = isRecord(folded.parameters) ? folded.parameters : {}
  const sound = (
    shape: Record<string, { safeParse(value: unknown): { success: boolean } }>,
    object: object,
  ) =>
    Object.fromEntries(
      Object.entries(object).filter(([key, value]) => shape[key]?.safeParse(value).success ?? false),
    )
  return configurationSchema.parse({
    fhirPathRules: [],
    ...sound(configurationSchema.shape, folded),
    parameters: sound(parametersSchema.shape, parameters),
  })
}

function chosenVersion(
  named: FhirVersion | undefined,
  asked: FhirVersion | undefined,
  { problems, notices }: Findings,
): FhirVersion {
  if (named !== undefined && asked !== undefined && named !== asked)
    problems.push({
      code: 'version-conflict',
      path: 'fhirVersion',
      message: `is ${named}, but ${asked} was asked for`,
    })
  if (named === undefined && asked === undefined)
    notices.push({
      code: 'version-assumed',
      path: 'fhirVersion',
      message: `is not given, so R4 is assumed; set it to one of ${FHIR_VERSIONS.join(', ')}`,
    })
  return named ?? asked ?? 'R4'
}

function keyNotices(sources: KeySources): Notice[] {
  return KEY_NAMES.filter((name) => typeof sources[name] === 'string' && sources[name] !== '').map(
    (name) => ({
      code: 'secret-in-file' as const,
      path: `parameters.${name}`,
      message: 'is a secret in a file: {"env": "NAME"} or {"file": "path"} keeps it out',
    }),
  )
}

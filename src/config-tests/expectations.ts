import type { TracedLeaf } from '../anonymizer/interpreter/trace.js'
import { outcomeOf } from '../diff/outcome.js'
import { dayNumber, parseMoment } from '../fhir/dates.js'
import type { FhirVersion } from '../fhir/version.js'
import { nearestName } from '../rules/lint/advice/nearest-name.js'
import type { Expectation, ExpectedWord, TestedResource, TestFailure } from './config-test.js'
import { isAtOrBelow, parseValuePath, type ValuePath, valuesAt } from './value-path.js'

interface Leaf extends TracedLeaf {
  readonly labels: ReadonlySet<string>
}

/** Judges one expectation of a test. The path must be valid. Returns the first failure, or undefined. */
export function judge(
  path: string,
  expectation: Expectation,
  resources: readonly TestedResource[],
  version: FhirVersion,
): TestFailure | undefined {
  const fail = (message: string, leaf?: TracedLeaf, expected?: unknown): TestFailure => ({
    at: path,
    message,
    ...(leaf === undefined && expected === undefined ? {} : { values: valuesOf(leaf, expected) }),
  })
  const select = (text: string) => selected(resources, validPath(text, version))
  const { chosen, leaves } = select(path)
  if (chosen.length === 0) return fail('no resource of this type (or number) is given')
  if (leaves.length === 0) return judgeAdded(validPath(path, version), expectation, chosen, fail)
  if (expectation.kind === 'word') {
    const wrong = leaves.find((leaf) => !MEETS[expectation.word](leaf))
    return wrong && fail(`expected ${expectation.word}, but ${fateOf(wrong)}`, wrong)
  }
  if (expectation.kind === 'value') {
    const wrong = leaves.find(({ after }) => !isSame(after, expectation.value))
    const word = nearestName(String(expectation.value), Object.keys(MEETS))
    const advice = word === undefined ? '' : `; did you mean the word "${word}"?`
    return wrong && fail(`expected another value: ${fateOf(wrong)}${advice}`, wrong, expectation.value)
  }
  const other = select(expectation.path).leaves
  const wrong = expectation.kind === 'shiftedLike' ? unlikeShift(leaves, other) : unlikeHash(leaves, other)
  if (wrong === undefined) return undefined
  const verb = expectation.kind === 'shiftedLike' ? 'shifted' : 'hashed'
  return fail(`expected ${verb} like ${expectation.path}, but ${wrong.why}`, wrong.leaf)
}

/** A path that `checkPaths` has let through. */
function validPath(text: string, version: FhirVersion): ValuePath {
  const path = parseValuePath(text, version)
  if (typeof path === 'string') throw new TypeError('a path that was not checked')
  return path
}

function selected(resources: readonly TestedResource[], path: ValuePath) {
  const ofType = resources.filter(({ resourceType }) => resourceType === path.resourceType)
  const chosen = path.at === undefined ? ofType : ofType.slice(path.at, path.at + 1)
  const leaves = chosen.flatMap(({ trace }): readonly Leaf[] => {
    if (trace.kind === 'rejected') return []
    const labels = new Set(trace.labels.flatMap(({ codes }) => codes))
    return trace.leaves.filter(({ place }) => isAtOrBelow(place, path)).map((leaf) => ({ ...leaf, labels }))
  })
  return { chosen, leaves }
}

/** Where nothing is given there may still be something in the output: a security label. */
function judgeAdded(
  path: ValuePath,
  expectation: Expectation,
  chosen: readonly TestedResource[],
  fail: (message: string, leaf?: TracedLeaf, expected?: unknown) => TestFailure,
): TestFailure | undefined {
  const found = chosen.flatMap(({ output }) => valuesAt(output, path))
  if (expectation.kind === 'value' && found.some((value) => String(value) === String(expectation.value)))
    return undefined
  if (expectation.kind === 'word' && expectation.word === 'present' && found.length > 0) return undefined
  if (found.length > 0) return fail('is in the output, but not as expected; nothing is given at this path')
  return fail('nothing is given at this path, so the test says nothing about it')
}

const MEETS: Readonly<Record<ExpectedWord, (leaf: Leaf) => boolean>> = {
  kept: ({ before, after }) => before !== undefined && before === after,
  changed: ({ before, after }) => after !== undefined && before !== after,
  absent: ({ after }) => after === undefined,
  present: ({ after }) => after !== undefined,
  year: isYear,
  shifted: (leaf) => shiftOf(leaf) !== undefined && leaf.before !== leaf.after,
  hashed: (leaf) => became(leaf, 'hashed'),
  encrypted: (leaf) => became(leaf, 'encrypted'),
}

/** Rules cut dates to the year, and labelled instants to the first one of the year. */
function isYear({ before, after }: Leaf): boolean {
  const year = textOf(before).slice(0, 4)
  if (!/^\d{4}$/.test(year) || textOf(before).length <= year.length) return false
  return textOf(after) === year || textOf(after) === `${year}-01-01T00:00:00+00:00`
}

/** By how many days a date moved; undefined where one of the two is not a date with a day. */
function shiftOf({ before, after }: TracedLeaf): number | undefined {
  const [from, to] = [dayOf(before), dayOf(after)]
  return from === undefined || to === undefined ? undefined : to - from
}

function dayOf(json: string | undefined): number | undefined {
  const moment = parseMoment(textOf(json), 'dateTime')
  if (moment === undefined || moment.precision < 3) return undefined
  return dayNumber(moment.year, moment.month, moment.day)
}

function became({ before, after, labels }: Leaf, outcome: 'hashed' | 'encrypted'): boolean {
  if (before === undefined || after === undefined || before === after) return false
  return outcomeOf(textOf(before), textOf(after), labels) === outcome
}

interface Wrong {
  readonly why: string
  readonly leaf?: TracedLeaf
}

function unlikeShift(leaves: readonly Leaf[], others: readonly Leaf[]): Wrong | undefined {
  const [first, ...rest] = [...new Set(others.map(shiftOf))]
  if (first === undefined || rest.length > 0) return { why: 'the dates there are not shifted, or not alike' }
  const leaf = leaves.find((each) => shiftOf(each) !== first)
  return leaf && { leaf, why: shiftOf(leaf) === undefined ? fateOf(leaf) : 'it moved by other days' }
}

const HASH = /[0-9a-f]{64}/

function unlikeHash(leaves: readonly Leaf[], others: readonly Leaf[]): Wrong | undefined {
  const hashIn = ({ after }: Leaf): string | undefined => HASH.exec(textOf(after))?.[0]
  const [first, ...rest] = [...new Set(others.map(hashIn))]
  if (first === undefined || rest.length > 0) return { why: 'there is not one hash there' }
  const leaf = leaves.find((each) => hashIn(each) !== first)
  return leaf && { leaf, why: hashIn(leaf) === undefined ? fateOf(leaf) : 'it has another hash' }
}

/** What happened to a value, without the value. */
export function fateOf({ place, rule, before, after, isUnlistedCode }: TracedLeaf): string {
  if (isUnlistedCode) return `${place} was removed by codeSystems`
  const what =
    after === undefined
      ? 'was removed'
      : before === undefined
        ? 'was added'
        : before === after
          ? 'was kept'
          : 'was changed'
  return `${place} ${what} ${rule === 0 ? '(no rule reaches it)' : `by rule ${rule}`}`
}

/** The text of a JSON string, or another value's JSON. */
export function textOf(json: string | undefined): string {
  if (json === undefined) return ''
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}

const isSame = (json: string | undefined, value: string | number | boolean): boolean =>
  json !== undefined && (textOf(json) === String(value) || String(JSON.parse(json)) === String(value))

function valuesOf(leaf: TracedLeaf | undefined, expected: unknown): NonNullable<TestFailure['values']> {
  return {
    ...(leaf?.before === undefined ? {} : { before: textOf(leaf.before) }),
    ...(leaf?.after === undefined ? {} : { after: textOf(leaf.after) }),
    ...(expected === undefined ? {} : { expected: String(expected) }),
  }
}

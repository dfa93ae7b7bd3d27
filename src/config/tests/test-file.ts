import { z } from 'zod'
import { type Problem, sluiceError } from '../../errors.js'
import { isRecord } from '../../json/record.js'
import { nearestName } from '../../rules/lint/advice/nearest-name.js'
import { readNamedText } from '../text/bounded-text.js'
import { isComment } from '../text/comments.js'
import { isTextFault, readConfigText } from '../text/config-text.js'
import { issuesAsProblems } from '../text/problem.js'
import { isDay } from '../units/days.js'

/** What a value must have become, in one word. */
const EXPECTED_WORDS = [
  'kept',
  'changed',
  'absent',
  'present',
  'year',
  'shifted',
  'hashed',
  'encrypted',
] as const

const scalar = z.union([z.string(), z.number(), z.boolean()])
const path = z.string().min(1)
const FORMS = `must be a value, one of the words ${EXPECTED_WORDS.join(', ')}, {"value": …}, {"shiftedLike": "path"} or {"hashedLike": "path"}`

const expectation = z.union(
  [
    scalar,
    z.strictObject({ value: scalar }),
    z.strictObject({ shiftedLike: path }),
    z.strictObject({ hashedLike: path }),
  ],
  { error: FORMS },
)

const resource = z.looseObject({
  resourceType: z.string({ error: 'is missing: `given` is a resource, or a list of resources' }).min(1),
})

const testSchema = z.strictObject({
  name: z.string().min(1),
  given: z.union([resource, z.array(resource).min(1)], {
    error: 'must be a resource (an object with a resourceType), or a list of resources',
  }),
  expect: z
    .record(z.string(), expectation, { error: 'must be an object: paths and what becomes of them' })
    .default({}),
  never: z.array(z.string().min(1), { error: 'must be a list of texts' }).default([]),
  rejected: z.string().min(1).optional(),
  item: z.string().min(1).default('test.ndjson'),
})

const fileSchema = z.strictObject({
  asOf: z.string().refine(isDay, { error: 'must be a valid date, YYYY-MM-DD' }).optional(),
  tests: z.array(testSchema, { error: 'must be a list of tests' }).min(1, { error: 'must hold a test' }),
})

type Expectation =
  | { readonly kind: 'word'; readonly word: (typeof EXPECTED_WORDS)[number] }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'shiftedLike' | 'hashedLike'; readonly path: string }

/** A test as `config-tests/config-test.ts` takes it. */
type WrittenTest = Omit<z.output<typeof testSchema>, 'given' | 'expect'> & {
  readonly given: readonly object[]
  readonly expect: ReadonlyMap<string, Expectation>
}

export interface ConfigTestFile {
  readonly asOf: string | undefined
  readonly tests: readonly WrittenTest[]
}

/** Reads a file of tests, JSON or YAML. Throws CONFIG_INVALID with every problem and its place. */
export async function readTestFile(file: string, signal?: AbortSignal): Promise<ConfigTestFile> {
  const text = await readNamedText(file, 'the test file', signal)
  return parseTestFile(text, file)
}

/** Throws CONFIG_INVALID. */
export function parseTestFile(text: string, file: string): ConfigTestFile {
  const read = readConfigText(text, file)
  if (isTextFault(read)) throw invalidTests([{ path: read.place, message: read.message }], file)
  const { value } = read
  const isSingle = isRecord(value) && 'given' in value
  const { asOf, ...single } = isSingle ? value : { asOf: undefined }
  const raw = isSingle ? { ...(asOf === undefined ? {} : { asOf }), tests: [single] } : value
  const checked = fileSchema.safeParse(withoutComments(raw))
  if (!checked.success)
    throw invalidTests(
      issuesAsProblems(checked.error, '').map((problem) => withAdvice(problem, isSingle)),
      file,
    )
  const { tests } = checked.data
  const problems = tests.flatMap((test, at) => {
    const place = isSingle ? '' : `tests[${at}]`
    const isNamedBefore = tests.slice(0, at).some(({ name }) => name === test.name)
    return isNamedBefore ? [{ path: `${place}.name`, message: 'is the name of a test above' }] : []
  })
  if (problems.length > 0) throw invalidTests(problems, file)
  return {
    asOf: checked.data.asOf,
    tests: tests.map(({ given, expect, ...test }) => ({
      ...test,
      given: Array.isArray(given) ? given : [given],
      expect: new Map(Object.entries(expect).map(([path, written]) => [path, expectationOf(written)])),
    })),
  }
}

function expectationOf(written: z.output<typeof expectation>): Expectation {
  if (typeof written === 'object') {
    if ('value' in written) return { kind: 'value', value: written.value }
    return 'shiftedLike' in written
      ? { kind: 'shiftedLike', path: written.shiftedLike }
      : { kind: 'hashedLike', path: written.hashedLike }
  }
  const word = EXPECTED_WORDS.find((candidate) => candidate === written)
  return word === undefined ? { kind: 'value', value: written } : { kind: 'word', word }
}

/** A file of tests with all that is wrong in it. */
export function invalidTests(problems: readonly Problem[], file: string) {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  const list = problems.map(({ path, message }) => `  - ${path || '(the whole file)'} ${message}`)
  return sluiceError('CONFIG_INVALID', {
    at: file,
    message: `the tests in ${file} have ${count}:\n${list.join('\n')}`,
    problems,
  })
}

const MEMBERS = [...Object.keys(testSchema.shape), ...Object.keys(fileSchema.shape)]

/** Zod names unknown keys only in its message. */
function withAdvice({ path, message }: Problem, isSingle: boolean): Problem {
  const place = isSingle ? path.replace(/^tests\[0\]\.?/, '') : path
  const unknown = /^Unrecognized keys?: "([^"]+)"/.exec(message)?.[1]
  if (unknown === undefined) return { path: place, message }
  const nearest = nearestName(unknown, MEMBERS)
  const advice = nearest === undefined ? `; there are ${MEMBERS.join(', ')}` : `; did you mean "${nearest}"?`
  return { path: place === '' ? unknown : `${place}.${unknown}`, message: `is an unknown key${advice}` }
}

/** The file without what people write beside tests; a resource is left as it is. */
function withoutComments(value: unknown): unknown {
  if (!isRecord(value)) return value
  const plain = Object.fromEntries(Object.entries(value).filter(([key]) => !isComment(key)))
  if (!Array.isArray(plain.tests)) return plain
  return {
    ...plain,
    tests: plain.tests.map((test: unknown) =>
      isRecord(test) ? Object.fromEntries(Object.entries(test).filter(([key]) => !isComment(key))) : test,
    ),
  }
}

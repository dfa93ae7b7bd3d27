import { createLineAnonymizer, type LineAnonymizer } from '../anonymizer/line-anonymizer.js'
import { Output } from '../anonymizer/output.js'
import type { AnonymizerSpec, LineContext } from '../anonymizer/spec.js'
import type { Problem } from '../errors.js'
import type { FhirVersion } from '../fhir/version.js'
import { parseJson } from '../json/parse.js'
import type { ConfigTest, TestedResource, TestFailure } from './config-test.js'
import { judge } from './expectations.js'
import { type Golden, goldenOf, judgeGolden } from './golden.js'
import { judgeNever } from './never.js'
import { parseValuePath } from './value-path.js'

/** What became of one test. */
export interface TestResult {
  readonly name: string
  readonly failures: readonly TestFailure[]
  /** The outputs, for a golden file. */
  readonly golden: Golden[string]
  readonly milliseconds: number
}

/** What is wrong with the paths of a test, and a test that checks nothing. */
export function testProblems(
  { expect, never, rejected, given }: ConfigTest,
  version: FhirVersion,
  { hasGolden }: { readonly hasGolden: boolean },
): readonly Problem[] {
  if (expect.size + never.length === 0 && rejected === undefined && !hasGolden)
    return [
      {
        path: '',
        message: 'checks nothing: add expect, never or rejected, or write golden outputs with --update',
      },
    ]
  if (rejected !== undefined && expect.size > 0)
    return [{ path: 'expect', message: 'can say nothing of a resource that is rejected' }]
  const types = new Set(given.map(typeOf))
  return [...expect].flatMap(([written, expectation]) => {
    const paths = 'path' in expectation ? [written, expectation.path] : [written]
    return paths.flatMap((path) => {
      const parsed = parseValuePath(path, version)
      const fault =
        typeof parsed === 'string'
          ? parsed
          : types.has(parsed.resourceType)
            ? undefined
            : `begins with a type that is not given; given are ${[...types].join(', ')}`
      return fault === undefined ? [] : [{ path: `expect: ${path}`, message: fault }]
    })
  })
}

/** Runs tests of one configuration on one reference day, by both engines. Throws CONFIG_INVALID for a custom method. */
export class ConfigTestRunner {
  readonly #spec: AnonymizerSpec
  readonly #anonymizer: LineAnonymizer
  readonly #out = new Output()

  private constructor(spec: AnonymizerSpec, anonymizer: LineAnonymizer) {
    this.#spec = spec
    this.#anonymizer = anonymizer
  }

  static async open(spec: AnonymizerSpec): Promise<ConfigTestRunner> {
    return new ConfigTestRunner(spec, await createLineAnonymizer(spec))
  }

  /** `golden` are the outputs that were written before; undefined where there are none to compare with. */
  run(test: ConfigTest, golden: Golden | undefined): TestResult {
    const start = performance.now()
    const failures: TestFailure[] = []
    const resources = test.given.map((given, at) => this.#resource(test, given, at, failures))
    const rejections = rejectionFailures(test, resources)
    failures.push(...(rejections.length > 0 ? rejections : this.#judged(test, resources)))
    if (golden !== undefined) failures.push(...judgeGolden(golden, test.name, resources))
    return { name: test.name, failures, golden: goldenOf(resources), milliseconds: performance.now() - start }
  }

  #judged({ expect, never }: ConfigTest, resources: readonly TestedResource[]): readonly TestFailure[] {
    const failed = [...expect].map(([path, expectation]) =>
      judge(path, expectation, resources, this.#spec.fhirVersion),
    )
    return [...failed.filter((failure) => failure !== undefined), ...judgeNever(never, resources)]
  }

  #resource(test: ConfigTest, given: object, at: number, failures: TestFailure[]): TestedResource {
    const line = Buffer.from(JSON.stringify(given))
    const context = this.#contextOf(test, at)
    const trace = this.#anonymizer.trace(line, context)
    this.#out.length = 0
    const rejection = this.#anonymizer.anonymizeLine(line, { start: 0, end: line.length }, context, this.#out)
    const written = this.#out.bytes.toString('utf8', 0, this.#out.length)
    const isSame =
      trace.kind === 'rejected'
        ? rejection?.code === trace.rejection.code
        : rejection === undefined && trace.bytes.toString() === written
    if (!isSame)
      failures.push({
        at: 'engines',
        message: `the two engines give different outputs for given[${at}]: a bug in Sluice, please report it`,
      })
    const output = trace.kind === 'rejected' ? undefined : parseJson(trace.bytes.toString())
    return { resourceType: typeOf(given), given, trace, output }
  }

  #contextOf({ item }: ConfigTest, at: number): LineContext {
    const { dateShiftScope } = this.#spec.parameters
    const prefixes = { folder: 'folder', file: item.slice(item.lastIndexOf('/') + 1) }
    const dateShiftPrefix =
      dateShiftScope === 'folder' || dateShiftScope === 'file' ? prefixes[dateShiftScope] : ''
    return { item, record: at, baseOffset: 0, dateShiftPrefix }
  }
}

function rejectionFailures(
  { rejected }: ConfigTest,
  resources: readonly TestedResource[],
): readonly TestFailure[] {
  return resources.flatMap(({ trace }, at): TestFailure | [] => {
    const code = trace.kind === 'rejected' ? trace.rejection.code : undefined
    if (code === rejected) return []
    if (trace.kind === 'rejected')
      return {
        at: `given[${at}]`,
        message: `is rejected with ${trace.rejection.code}: ${trace.rejection.message}`,
      }
    return { at: `given[${at}]`, message: `must be rejected with ${rejected}, but is delivered` }
  })
}

const typeOf = (given: object): string => String(Reflect.get(given, 'resourceType'))

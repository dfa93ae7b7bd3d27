import t, { type Test } from 'tap'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { type ElementTree, elementTree } from '../../src/fhir/elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../src/fhir/version.js'
import type { Finding } from '../../src/rules/lint/lint.js'
import { checkRulePath } from '../../src/rules/path/rule-path.js'
import { engineForSync } from '../support/engines.js'
import { fullResources } from '../support/full-resource.js'
import { lintRules } from '../support/lint-rules.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { randomResource } from '../support/random-resource.js'
import { slippedPath } from '../support/slips.js'

interface Ran {
  /** Elements that the rule was the one to decide. */
  readonly selected: number
  readonly failed: number
  readonly lines: number
}

function run(path: string, fhirVersion: FhirVersion, lines: readonly string[]): Ran {
  const { spec } = checkConfig({ fhirVersion, fhirPathRules: [{ path, method: 'redact' }], parameters: {} })
  const engine = engineForSync({ ...spec, asOf: '2026-11-21' }, 'interpreter')
  let failed = 0
  for (const line of lines) {
    const outcome = engine.run(line)
    if (!outcome.ok && outcome.rejection.code === 'RULE_FAILED') failed++
  }
  return { selected: engine.lines.counts.elementsByRule[0] ?? 0, failed, lines: lines.length }
}

const lint = (path: string, tree: ElementTree): Finding[] =>
  lintRules([{ number: 1, path, method: 'redact' }], tree)

const BAD = new Set(['never-matches', 'fails', 'partly-never-matches', 'dead-condition'])

/** Paths through elements that may have any of some fifty types. */
const ANY_TYPE =
  /^(?:Parameters|Task|Transport)\..*\bvalue\b|\b(?:defaultValue|fixed|pattern|m(?:in|ax)Value)\b|example\.value/

const full = new Map<string, readonly string[]>()
function fullLines(type: string, tree: ElementTree, path: string): readonly string[] {
  const maxLines = ANY_TYPE.test(path) ? 64 : 12
  const key = `${tree.version} ${type} ${maxLines}`
  const known = full.get(key)
  if (known !== undefined) return known
  const resource = tree.resources.get(type)
  const lines = resource === undefined ? [] : fullResources(resource, tree, maxLines)
  full.set(key, lines)
  return lines
}

/** Types on which a rule runs, and a resource in which others are contained. */
function typesOf(path: string, own: string, tree: ElementTree): readonly string[] {
  const named = /^[A-Z][A-Za-z]*/.exec(path)?.[0] ?? ''
  return tree.resources.has(named) ? [named] : [own, 'Patient', 'Observation', 'Bundle']
}

interface Tally {
  paths: number
  silentlyIdle: number
  never: number
  failing: number
  suggested: number
}

function check(t: Test, random: Random, tree: ElementTree, tally: Tally): void {
  const own = random.pick([...tree.resources.keys()])
  const path = slippedPath(random, tree, own)
  if (checkRulePath(path) !== undefined) return
  tally.paths++
  const findings = lint(path, tree)
  const codes = new Set(findings.map(({ code }) => code))
  const types = typesOf(path, own, tree)
  const all = types.flatMap((type) => fullLines(type, tree, path))
  const ran = run(path, tree.version, all)
  const said = `${tree.version} ${path}: ${findings.map(({ message }) => message).join('; ')}`
  if (codes.has('never-matches')) {
    tally.never++
    const more = types.map((type) => randomResource(random, tree, { type, calm: true }))
    const { selected, failed } = run(path, tree.version, [...all, ...more])
    if (selected > 0 || failed > 0) t.fail(`it never matches, but does (${selected}, ${failed}): ${said}`)
  } else if (codes.has('fails')) {
    tally.failing++
    if (ran.failed === 0 && !/contained|resource/.test(path)) t.fail(`it always fails, but does not: ${said}`)
  } else {
    if (ran.failed === ran.lines) t.fail(`it fails on every line, and lint does not say so: ${said}`)
    if (ran.selected === 0 && ran.failed === 0 && !codes.has('dead-condition') && !isConditional(path)) {
      tally.silentlyIdle++
      t.comment(`nothing selected: ${said}`)
    }
  }
  for (const { suggestion } of findings) {
    if (suggestion === undefined) continue
    tally.suggested++
    const left = lint(suggestion, tree).filter(({ code }) => BAD.has(code))
    if (left.length > 0) t.fail(`the advice is no better: ${said} => ${left[0]?.message}`)
    if (isConditional(suggestion)) continue
    const lines = typesOf(suggestion, own, tree).flatMap((type) => fullLines(type, tree, suggestion))
    if (
      !/^nodesBy|^Resource|^DomainResource/.test(suggestion) &&
      run(suggestion, tree.version, lines).selected === 0
    )
      t.fail(`the advice selects nothing: ${said}`)
  }
}

/** Whether data decide what it selects, or how deep or how often elements are there. */
const isConditional = (path: string): boolean =>
  /^[a-z(]/.test(path) ||
  /where|exists|assigner|\[|tail|skip|extension|repeat|select|contained|resource|nodesBy|item|contains|concept|descendants|children|\bid\b/i.test(
    path,
  )

for (const version of FHIR_VERSIONS)
  t.test(`${version}: what lint says of a path is what the engine does`, async (t) => {
    const tree = elementTree(version)
    const random = seededRandom(`lint ${version}`)
    const until = Date.now() + (fuzzSeconds() * 1000) / 6
    const tally: Tally = { paths: 0, silentlyIdle: 0, never: 0, failing: 0, suggested: 0 }
    for (let round = 0; round < 40 || Date.now() < until; round++) check(t, random, tree, tally)
    t.comment(JSON.stringify(tally))
    t.ok(tally.never > 0 && tally.suggested > 0, 'paths at fault are among them')
    t.equal(tally.silentlyIdle, 0, 'a path that selects nothing has a finding')
  })

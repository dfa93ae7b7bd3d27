import { claimText } from '../../config/anonymizer/claim-check.js'
import { printCount } from '../../config/units/sizes.js'
import { COVERAGES, type CoverageRow } from '../../rules/explain/coverage-table.js'
import type { Explanation } from './explanation.js'
import { type FoldedRow, whatText } from './folded-rows.js'

/** The columns of the table of identifiers, strongest first. */
export const COVERAGE_COLUMNS = [...COVERAGES].reverse()

/** Lines of the summary. */
export function summaryText({
  fhirVersion,
  leaves,
  rules,
  coverage,
  supports,
}: Explanation): readonly string[] {
  const own = rules.filter(({ isBuiltIn }) => isBuiltIn !== true)
  return [
    `${printCount(leaves.length)} elements of ${fhirVersion}, ${printCount(own.length)} rules`,
    ...claimText(supports),
    '',
    ...coverageText(coverage),
    '',
    'Numbers are elements, each counted where its weakest fate is. --identifier A lists those of a row.',
  ]
}

const NAME_WIDTH = 50

function coverageText(rows: readonly CoverageRow[]): readonly string[] {
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(NAME_WIDTH)}${cells.map((cell, at) => cell.padStart((COVERAGE_COLUMNS[at]?.length ?? 0) + 2)).join('')}`
  return [
    line('', COVERAGE_COLUMNS),
    ...rows.map(({ identifier, name, paths }) =>
      line(
        `${identifier} ${name}`.slice(0, NAME_WIDTH),
        COVERAGE_COLUMNS.map((column) =>
          paths[column].length === 0 ? '·' : printCount(paths[column].length),
        ),
      ),
    ),
  ]
}

/** Lines of a list of elements. */
export function rowsText(rows: readonly FoldedRow[]): readonly string[] {
  const leafCount = rows.reduce((sum, row) => sum + row.leafCount, 0)
  return [
    ...rows.map((row) => `${row.path} (${whatText(row)}): ${row.fate}`),
    `${printCount(leafCount)} elements`,
  ]
}

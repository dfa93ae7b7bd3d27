import { z } from 'zod'
import { FINDING_CODES, type FindingCode } from '../../rules/lint/findings/codes.js'

const count = z.int().min(0)
const codes = Object.keys(FINDING_CODES) as [FindingCode, ...FindingCode[]]

const remark = z.strictObject({
  severity: z.enum(['problem', 'warning', 'note']),
  code: z.enum(codes).describe('stable: a code never changes its meaning; newer versions may add codes'),
  rule: z.int().min(1).optional().describe('the number of the rule, from 1'),
  path: z.string().describe('the path of the rule, or the place in the configuration'),
  message: z.string(),
  suggestion: z
    .string()
    .optional()
    .describe('what to write instead: a path, or for cases of generalize a condition or value'),
  page: z.string().describe('where the code is explained'),
})

/** What `sluice lint --json` prints. */
export const lintReportSchema = z.strictObject({
  config: z.string(),
  problemCount: count,
  warningCount: count,
  remarks: z.array(remark),
})

export type LintReport = Readonly<z.output<typeof lintReportSchema>>
export type LintRemark = Readonly<z.output<typeof remark>>

/** JSON Schema of the report. */
export const lintReportJsonSchema = (): object => z.toJSONSchema(lintReportSchema)

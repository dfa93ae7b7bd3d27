import { z } from 'zod'
import { CLAIMS } from '../../rules/explain/claim-reason.js'
import type { SupportedClaim } from '../../rules/explain/supported-claim.js'
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

const supportedClaim = z.strictObject({
  atMost: z.enum(CLAIMS).describe('the strongest claim that nothing in the configuration speaks against'),
  reasons: z
    .array(
      z.strictObject({
        claim: z.enum(CLAIMS).describe('the strongest claim that this allows'),
        why: z.string(),
        rules: z
          .array(z.int().min(1))
          .describe('the rules that decide; empty if no rule reaches the elements'),
        pathCount: count,
        paths: z.array(z.string()).describe('the first of the paths'),
      }),
    )
    .describe('why not a stronger claim, weakest first'),
})

/** What `sluice lint --json` prints. */
export const lintReportSchema = z.strictObject({
  config: z.string(),
  problemCount: count,
  warningCount: count,
  remarks: z.array(remark),
  supports: supportedClaim
    .optional()
    .describe('of an anonymizer configuration whose rules are read without problems'),
})

export type LintReport = Readonly<Omit<z.output<typeof lintReportSchema>, 'supports'>> & {
  readonly supports?: SupportedClaim
}
export type LintRemark = Readonly<z.output<typeof remark>>

/** JSON Schema of the report. */
export const lintReportJsonSchema = (): object => z.toJSONSchema(lintReportSchema)

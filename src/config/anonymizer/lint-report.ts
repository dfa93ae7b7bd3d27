import { z } from 'zod'
import type { AllowedSystems } from '../../fhir/codes/sets.js'
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

const allowedSystems = z.strictObject({
  entry: z.string().describe('the entry of codeSystems.allow'),
  set: z.string().optional().describe('the set that has the system; absent for a url that no set has'),
  title: z.string(),
  systemCount: z.int().min(1).describe('more than 1 only for the systems of HL7, without their urls'),
  urls: z.array(z.string()),
  edition: z.string().optional(),
  form: z.string().describe('what grammar checks'),
})

/** What `sluice lint --json` prints. */
export const lintReportSchema = z.strictObject({
  config: z.string(),
  problemCount: count,
  warningCount: count,
  remarks: z.array(remark),
  codeSystems: z
    .array(allowedSystems)
    .optional()
    .describe('the systems that codeSystems lets through, if the configuration has it'),
  supports: supportedClaim
    .optional()
    .describe('of an anonymizer configuration whose rules are read without problems'),
})

export type LintReport = Readonly<Omit<z.output<typeof lintReportSchema>, 'codeSystems' | 'supports'>> & {
  readonly codeSystems?: readonly AllowedSystems[]
  readonly supports?: SupportedClaim
}
export type LintRemark = Readonly<z.output<typeof remark>>

/** JSON Schema of the report. */
export const lintReportJsonSchema = (): object => z.toJSONSchema(lintReportSchema)

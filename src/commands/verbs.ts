import { ALT_EXPORT } from './alt-export/options.js'
import { ANONYMIZE } from './anonymize/options.js'
import { CHECK } from './check/options.js'
import { DECRYPT } from './decrypt/options.js'
import { DEMO } from './demo/options.js'
import { DIFF } from './diff/options.js'
import { EXPLAIN } from './explain/options.js'
import { EXPORT } from './export/options.js'
import { FINISH } from './finish/options.js'
import { INIT } from './init/options.js'
import { LINT } from './lint/options.js'
import { LOAD } from './load/options.js'
import { PLAN } from './plan/options.js'
import { PREVIEW } from './preview/options.js'
import { RUN } from './run/options.js'
import { SERVE } from './serve/options.js'
import { SHARE } from './share/options.js'
import { STATUS } from './status/options.js'
import { TEST } from './test/options.js'
import { type Verb, verb } from './verb.js'

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  verb({
    ...ANONYMIZE,
    run: async (values, terminal) =>
      (await import('./anonymize/early-start.js')).startAnonymizing(values, terminal),
  }),
  verb({
    ...PLAN,
    run: async (values, terminal) => (await import('./plan/plan.js')).plan(values, terminal),
  }),
  verb({
    ...FINISH,
    run: async (values, terminal) => (await import('./finish/finish.js')).finish(values, terminal),
  }),
  verb({
    ...STATUS,
    run: async (values, terminal, words) =>
      (await import('./status/status.js')).status(values, terminal, words),
  }),
  verb({
    ...EXPORT,
    run: async (values, terminal) => (await import('./export/export.js')).exportFromServer(values, terminal),
  }),
  verb({
    ...ALT_EXPORT,
    run: async (values, terminal, words) =>
      (await import('./alt-export/alt-export.js')).altExport(values, terminal, words),
  }),
  verb({
    ...LOAD,
    run: async (values, terminal, words) => (await import('./load/load.js')).load(values, terminal, words),
  }),
  verb({
    ...RUN,
    run: async (values, terminal, words) => (await import('./run/run.js')).run(values, terminal, words),
  }),
  verb({
    ...INIT,
    run: async (values, terminal, words) => (await import('./init/init.js')).init(values, terminal, words),
  }),
  verb({
    ...EXPLAIN,
    run: async (values, terminal) => (await import('./explain/explain.js')).explain(values, terminal),
  }),
  verb({
    ...LINT,
    run: async (values, terminal, words) => (await import('./lint/lint.js')).lint(values, terminal, words),
  }),
  verb({
    ...PREVIEW,
    run: async (values, terminal) => (await import('./preview/preview.js')).preview(values, terminal),
  }),
  verb({
    ...TEST,
    run: async (values, terminal, words) => (await import('./test/test.js')).test(values, terminal, words),
  }),
  verb({
    ...DECRYPT,
    run: async (values, terminal, words) =>
      (await import('./decrypt/decrypt.js')).decrypt(values, terminal, words),
  }),
  verb({
    ...SERVE,
    run: async (values, terminal) => (await import('./serve/serve.js')).serve(values, terminal),
  }),
  verb({
    ...DIFF,
    run: async (values, terminal, words) => (await import('./diff/diff.js')).diff(values, terminal, words),
  }),
  verb({
    ...CHECK,
    run: async (values, terminal, words) => (await import('./check/check.js')).check(values, terminal, words),
  }),
  verb({
    ...SHARE,
    run: async (values, terminal, words) => (await import('./share/share.js')).share(values, terminal, words),
  }),
  verb({ ...DEMO, run: async (values, terminal) => (await import('./demo/demo.js')).demo(values, terminal) }),
]

import type { RunMetrics } from '../../pipeline/options.js'
import { openRunDisplay, type RunDisplay } from './run-display.js'
import { type MetricsPlaces, openRunMetrics } from './run-metrics.js'
import type { Terminal } from './terminal.js'

/** Runs with display and metrics, and ends both whatever happens. */
export async function withRunDisplay<T>(
  values: MetricsPlaces & { readonly verbose: boolean },
  terminal: Terminal,
  hasBar: boolean,
  run: (display: RunDisplay, metrics: RunMetrics | undefined) => Promise<T>,
): Promise<T> {
  const metrics = await openRunMetrics(values)
  const display = await openRunDisplay(terminal, { isVerbose: values.verbose, hasBar })
  try {
    if (metrics?.url !== undefined) display.served(metrics.url)
    return await run(display, metrics?.run)
  } finally {
    await display.close()
    await metrics?.close()
  }
}

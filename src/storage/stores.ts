/*
 * The table of stores, and how to write another one.
 *
 * A store is a place that items are read from and outputs are written to: folders of this machine, containers of
 * Azure. Nothing outside of its folder knows its name; what an address can do is asked of its `Location`. To add one:
 *
 * 1. Make a folder beside `folder/` and `azure/`. The library that speaks to the service is imported by one file there.
 * 2. Implement `Source`, `Sink`, `State` and `Lake` of `store.ts`. Read `memory/` first: it has the same promises and
 *    no service in between (it has no address, so it is not in the table; tests fill it). The promises that matter:
 *    a read is of one version of an item (SOURCE_CHANGED otherwise); an output appears whole under its name or not at
 *    all; what `keptBytes` counts survives the end of the process; two runs cannot hold one lock.
 * 3. Map the errors of the service in a file of its own, as `folder/file-errors.ts` and `azure/blob-errors.ts` do: a
 *    code of `errors.ts`, what happened, what to do. Addresses in messages are without credentials. Requests go
 *    through the `Retry` of `StoreAccess`.
 * 4. Implement `StoreKind` and its `Location` (`location.ts`; see `folder/folder-store.ts`), and add the row below.
 *    Import what needs the library only when a location is opened, so that other runs do not load it.
 * 5. Add the store to `test/storage/conformance.test.ts`, which runs every promise against every row: against the real
 *    service or its emulator. Where the service forces a difference, name it there with the reason.
 * 6. Credentials come from `src/config/environment/` by way of `StoreAccess`. Users read of the store in
 *    `docs/azure.md` and README.md: give it a page of its own.
 */
import type { StoreAccess } from './access.js'
import { addressError } from './address-error.js'
import { azureStore } from './azure/azure-store.js'
import { folderStore } from './folder/folder-store.js'
import type { Location, StoreKind } from './location.js'

export const STORES: readonly StoreKind[] = [folderStore, azureStore]

const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i

/** The store that an address belongs to. Throws USAGE. */
export function storeOf(address: string): StoreKind {
  const scheme = SCHEME.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    for (const { missingScheme } of STORES) {
      const help = missingScheme?.(address)
      if (help !== undefined) throw addressError(address, 'has no scheme', help)
    }
    return folderStore
  }
  const store = STORES.find(({ schemes }) => schemes.includes(scheme))
  if (store !== undefined) return store
  throw addressError(address, 'has an unknown scheme', `give ${spellings()}`)
}

function spellings(): string {
  const all = STORES.flatMap((store) => store.spellings)
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

/** Throws USAGE, CONFIG_INVALID. */
export const locate = (address: string, access: StoreAccess): Location =>
  storeOf(address).locate(address, access)

// Makes a component of core.wasm, which Go has compiled: the types of service.wit are added, and the
// functions of preview 1 that Go's library calls become those of WASI 0.2 by an adapter.
import { readFile, writeFile } from 'node:fs/promises';

import { componentEmbed, componentNew } from '@bytecodealliance/jco';

const ADAPTER = 'node_modules/@bytecodealliance/jco/lib/wasi_snapshot_preview1.reactor.wasm';

const embedded = await componentEmbed({
  binary: await readFile('core.wasm'),
  witSource: await readFile('service.wit', 'utf8'),
  world: 'service',
});
await writeFile('@WASM@', await componentNew(embedded, [
  ['wasi_snapshot_preview1', await readFile(ADAPTER)],
]));

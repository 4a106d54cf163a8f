// Compiles a module with all that it imports to @WASM@: esbuild makes one file of them, and
// componentize-js a component that has a JavaScript engine in it. package.json says which module.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { argv } from 'node:process';

import { componentize } from '@bytecodealliance/componentize-js';
import { build } from 'esbuild';

// WASI's interfaces come with jco, at version 0.2.12; the engine exports its handler at 0.2.10.
const INTERFACES = 'node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12';
const PACKAGES = ['cli', 'clocks', 'filesystem', 'http', 'io', 'random', 'sockets'];

await rm('dist', { recursive: true, force: true });
for (const name of PACKAGES) {
  const text = await readFile(`${INTERFACES}/wasi-${name}/package.wit`, 'utf8');
  await mkdir(`dist/wit/deps/${name}`, { recursive: true });
  await writeFile(`dist/wit/deps/${name}/package.wit`, text.replaceAll('0.2.12', '0.2.10'));
}
await writeFile('dist/wit/world.wit',
  'package ferry:function;\nworld proxy { include wasi:http/proxy@0.2.10; }\n');

await build({ entryPoints: [argv[2]], bundle: true, format: 'esm', outfile: 'dist/bundle.js' });
const { component } = await componentize({
  sourcePath: resolve('dist/bundle.js'),
  witPath: resolve('dist/wit'),
  worldName: 'proxy',
});
await writeFile('@WASM@', component);

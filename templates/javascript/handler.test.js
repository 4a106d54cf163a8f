import assert from 'node:assert/strict';
import test from 'node:test';

import { handle } from './handler.js';

function send(body) {
  return handle(new Request('http://localhost/', { method: 'POST', body }));
}

test('greets', async () => {
  for (const [body, name] of [['{"name":"Ada"}', 'Ada'], ['{}', 'world'], ['{"name":7}', 'world']]) {
    const response = await send(body);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { message: `Hello, ${name}!` });
  }
});

test('refuses what is not JSON', async () => {
  assert.equal((await send('not JSON')).status, 400);
});

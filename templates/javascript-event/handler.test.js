import assert from 'node:assert/strict';
import test from 'node:test';

import { handle } from './handler.js';

function send(body) {
  return handle(new Request('http://localhost/', { method: 'POST', body }));
}

test('answers @WHAT@', async () => {
  const response = await send('@EXAMPLE@');
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '@REPLY@');
});

test('refuses all else', async () => {
  for (const body of ['not JSON', '{}', '[]', '7', 'null']) {
    assert.equal((await send(body)).status, 400);
  }
});

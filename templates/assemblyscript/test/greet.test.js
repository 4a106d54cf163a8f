import assert from 'node:assert/strict';
import test from 'node:test';

import { findName } from './build/greet.js';

test('finds the name', () => {
  assert.equal(findName('{"name":"Ada"}'), 'Ada');
  assert.equal(findName('{ "id": 1, "name" : "Bo" }'), 'Bo');
});

test('refuses what has none', () => {
  for (const json of ['', 'not JSON', '{"name":7}', '{"name":"cut', '{"name":"a\\"b"}']) {
    assert.equal(findName(json), null, json);
  }
});
